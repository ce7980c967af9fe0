//! As much of HTTP/1.0 (RFC 1945) as a scrape needs, on the loopback interface.
//!
//! One request at a time, with a time limit for each. Knows nothing of what it serves.

use std::io::{self, BufRead, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::cli::Failure;

/// How long a client may take for its request, and to take the answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// The longest request.
const MOST_BYTES: u64 = 8192;

/// An address that nobody from outside can reach.
pub(super) fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|_| "an address and a port, such as 127.0.0.1:9464".to_owned())?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("an address of the loopback interface: 127.0.0.1 or [::1]".to_owned())
    }
}

/// Answers each request with the text as it is then, until the process is ended.
pub(super) fn serve(address: SocketAddr, text: impl Fn() -> Result<String, Failure>) -> Result<(), Failure> {
    let failed = |e: io::Error| Failure::failed(format!("{address} cannot be listened on")).because(e);
    let listener = TcpListener::bind(address).map_err(failed)?;
    for client in listener.incoming() {
        // A client that goes away is no harm.
        let _ = client.and_then(|client| answer(client, &text));
    }
    Ok(())
}

fn answer(mut client: TcpStream, text: &impl Fn() -> Result<String, Failure>) -> io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    let mut request = Vec::new();
    let lines = io::BufReader::new((&client).take(MOST_BYTES)).lines();
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        request.push(line);
    }
    let (status, body) = if request.first().is_some_and(|line| line.starts_with("GET /metrics ")) {
        text().map_or_else(|e| ("500 Internal Server Error", e.to_string()), |text| ("200 OK", text))
    } else {
        ("404 Not Found", "the metrics are at /metrics\n".to_owned())
    };
    write!(
        client,
        "HTTP/1.0 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_loopback_interface_is_listened_on() {
        assert!(loopback("127.0.0.1:9464").is_ok() && loopback("[::1]:9464").is_ok());
        for refused in ["0.0.0.0:9464", "[::]:9464", "192.168.1.2:9464", "9464", "localhost:9464"] {
            assert!(loopback(refused).is_err(), "{refused}");
        }
    }
}
