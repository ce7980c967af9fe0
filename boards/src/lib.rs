//! ADC drivers over embedded-hal, boards as data, and simulated ADCs that answer on the SPI level.
#![no_std]
#![forbid(unsafe_code)]
