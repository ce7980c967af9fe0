//! iceoryx2: loaned samples, sent by reference to one subscriber. Nothing is in a ring: each sample is its own piece of a pool.

use std::hint::black_box;
use std::time::Duration;

use iceoryx2::port::listener::Listener;
use iceoryx2::port::notifier::Notifier;
use iceoryx2::port::publisher::Publisher;
use iceoryx2::port::subscriber::Subscriber;
use iceoryx2::prelude::*;

use crate::harness::{Contestant, Round, round, timed};
use crate::workload::{Sources, Workload};

/// A service with one publisher and one subscriber.
pub struct Link {
    workload: Workload,
    sources: Sources,
    publisher: Publisher<ipc::Service, [u8], ()>,
    subscriber: Subscriber<ipc::Service, [u8], ()>,
    target: Vec<u8>,
    sent: u64,
    received: u64,
    _node: Node<ipc::Service>,
}

impl Link {
    /// With a subscriber's buffer as long as the others' rings are, and so many chunks kept for late subscribers.
    ///
    /// # Errors
    /// What iceoryx2 says.
    pub fn new(workload: Workload, role: &str, history: usize) -> Result<Self, String> {
        set_log_level(LogLevel::Error);
        let name = format!("axismirror-bench/{}/{role}/{}", std::process::id(), workload.name);
        let name = ServiceName::new(&name).map_err(|e| e.to_string())?;
        let node = NodeBuilder::new().create::<ipc::Service>().map_err(|e| e.to_string())?;
        let service = node.service_builder(&name).publish_subscribe::<[u8]>();
        let service = service.subscriber_max_buffer_size(workload.ring_chunks).max_subscribers(1).max_publishers(1);
        let service = service.history_size(history).create().map_err(|e| e.to_string())?;
        let publisher = service.publisher_builder().initial_max_slice_len(workload.chunk_bytes());
        let publisher = publisher.create().map_err(|e| e.to_string())?;
        let subscriber = service.subscriber_builder().create().map_err(|e| e.to_string())?;
        let target = vec![0; workload.chunk_bytes()];
        let sources = Sources::new(&workload);
        Ok(Self { workload, sources, publisher, subscriber, target, sent: 0, received: 0, _node: node })
    }

    /// Copies the next chunks into loaned samples and sends them.
    ///
    /// # Errors
    /// What iceoryx2 says.
    #[inline(never)]
    pub fn send(&mut self, chunks: usize) -> Result<(), String> {
        for n in self.sent..self.sent + chunks as u64 {
            let chunk = black_box(self.sources.chunk(n));
            let sample = self.publisher.loan_slice_uninit(chunk.len()).map_err(|e| e.to_string())?;
            sample.write_from_slice(chunk).send().map_err(|e| e.to_string())?;
        }
        self.sent += chunks as u64;
        Ok(())
    }

    /// Copies what has come, at most `most` chunks, and says how many.
    ///
    /// # Errors
    /// What iceoryx2 says.
    #[inline(never)]
    pub fn receive(&mut self, most: usize) -> Result<usize, String> {
        for came in 0..most {
            let Some(sample) = self.subscriber.receive().map_err(|e| e.to_string())? else { return Ok(came) };
            black_box(self.target.as_mut_slice()).copy_from_slice(black_box(sample.payload()));
            self.received += 1;
        }
        Ok(most)
    }

    /// Receives all that was sent, and compares the last one.
    fn drain(&mut self) -> Result<(), String> {
        while self.receive(usize::MAX)? > 0 {}
        if self.received != self.sent {
            return Err(format!("{} of {} chunks arrived", self.received, self.sent));
        }
        self.sources.check(self.sent - 1, &self.target)
    }
}

/// Sending.
pub struct Publish {
    link: Link,
    name: &'static str,
}

impl Publish {
    /// For a workload.
    ///
    /// # Errors
    /// What iceoryx2 says.
    pub fn new(workload: Workload) -> Result<Self, String> {
        Ok(Self { link: Link::new(workload, "publish", 0)?, name: "iceoryx2 0.10" })
    }

    /// That keeps as many chunks as the others' rings do, and so goes through as much memory.
    ///
    /// # Errors
    /// What iceoryx2 says.
    pub fn with_history(workload: Workload) -> Result<Self, String> {
        let link = Link::new(workload, "history", workload.ring_chunks)?;
        Ok(Self { link, name: "iceoryx2 0.10, as long a history" })
    }
}

impl Contestant for Publish {
    fn name(&self) -> &str {
        self.name
    }

    fn round(&mut self) -> Result<Round, String> {
        let chunks = self.link.workload.backlog();
        round(|| {
            let mut result = Ok(());
            let time = timed(|| result = self.link.send(chunks));
            result?;
            self.link.drain().map(|()| (time, chunks as u64))
        })
    }

    fn check(&mut self) -> Result<(), String> {
        self.link.drain_after_send()
    }
}

impl Link {
    fn drain_after_send(&mut self) -> Result<(), String> {
        self.send(1)?;
        self.drain()
    }
}

/// Receiving and copying.
pub struct Read {
    link: Link,
    idle: bool,
}

impl Read {
    /// For a workload; `idle`: nothing is new.
    ///
    /// # Errors
    /// What iceoryx2 says.
    pub fn new(workload: Workload, idle: bool) -> Result<Self, String> {
        let mut link = Link::new(workload, if idle { "idle" } else { "read" }, 0)?;
        link.drain_after_send()?;
        Ok(Self { link, idle })
    }
}

impl Contestant for Read {
    fn name(&self) -> &str {
        "iceoryx2 0.10"
    }

    fn round(&mut self) -> Result<Round, String> {
        let chunks = self.link.workload.backlog();
        round(|| {
            if self.idle {
                let mut came = Ok(0);
                let time = timed(|| came = (0..chunks).try_fold(0, |n, _| self.link.receive(1).map(|m| n + m)));
                return if came? == 0 { Ok((time, chunks as u64)) } else { Err("nothing was expected".to_owned()) };
            }
            self.link.send(chunks)?;
            let mut came = Ok(0);
            let time = timed(|| came = self.link.receive(chunks));
            let came = came?;
            if came == chunks { Ok((time, chunks as u64)) } else { Err(format!("{came} chunks instead of {chunks}")) }
        })
    }

    fn check(&mut self) -> Result<(), String> {
        self.link.drain_after_send()
    }
}

/// A publisher alone, whose subscriber is in another thread.
pub struct Sender {
    sources: Sources,
    name: String,
    publisher: Publisher<ipc::Service, [u8], ()>,
    sent: u64,
    _node: Node<ipc::Service>,
}

impl Sender {
    /// A service with this publisher.
    ///
    /// # Errors
    /// What iceoryx2 says.
    pub fn new(workload: Workload, role: &str) -> Result<Self, String> {
        set_log_level(LogLevel::Error);
        let name = format!("axismirror-bench/{}/{role}", std::process::id());
        let node = NodeBuilder::new().create::<ipc::Service>().map_err(|e| e.to_string())?;
        let service_name = ServiceName::new(&name).map_err(|e| e.to_string())?;
        let service = node.service_builder(&service_name).publish_subscribe::<[u8]>().open_or_create();
        let service = service.map_err(|e| e.to_string())?;
        let publisher = service.publisher_builder();
        let publisher = publisher.initial_max_slice_len(workload.chunk_bytes()).create().map_err(|e| e.to_string())?;
        Ok(Self { sources: Sources::new(&workload), name, publisher, sent: 0, _node: node })
    }

    /// The service's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The next chunk.
    ///
    /// # Errors
    /// What iceoryx2 says.
    #[inline]
    pub fn send(&mut self) -> Result<(), String> {
        let chunk = self.sources.chunk(self.sent);
        let sample = self.publisher.loan_slice_uninit(chunk.len()).map_err(|e| e.to_string())?;
        sample.write_from_slice(chunk).send().map_err(|e| e.to_string())?;
        self.sent += 1;
        Ok(())
    }
}

/// A subscriber alone.
pub struct Receiver {
    subscriber: Subscriber<ipc::Service, [u8], ()>,
    target: Vec<u8>,
    _node: Node<ipc::Service>,
}

impl Receiver {
    /// Of a service that is there.
    ///
    /// # Errors
    /// What iceoryx2 says.
    pub fn new(name: &str, workload: Workload) -> Result<Self, String> {
        let node = NodeBuilder::new().create::<ipc::Service>().map_err(|e| e.to_string())?;
        let name = ServiceName::new(name).map_err(|e| e.to_string())?;
        let service = node.service_builder(&name).publish_subscribe::<[u8]>().open().map_err(|e| e.to_string())?;
        let subscriber = service.subscriber_builder().create().map_err(|e| e.to_string())?;
        Ok(Self { subscriber, target: vec![0; workload.chunk_bytes()], _node: node })
    }

    /// Copies a chunk when there is one.
    #[inline]
    pub fn poll(&mut self) -> bool {
        let Ok(Some(sample)) = self.subscriber.receive() else { return false };
        black_box(self.target.as_mut_slice()).copy_from_slice(black_box(sample.payload()));
        true
    }
}

/// Wakes who sleeps on a service of that name.
pub struct Bell {
    notifier: Notifier<ipc::Service>,
    _node: Node<ipc::Service>,
}

impl Bell {
    /// Of a service.
    ///
    /// # Errors
    /// What iceoryx2 says.
    pub fn new(name: &str) -> Result<Self, String> {
        let node = NodeBuilder::new().create::<ipc::Service>().map_err(|e| e.to_string())?;
        let name = ServiceName::new(name).map_err(|e| e.to_string())?;
        let event = node.service_builder(&name).event().open_or_create().map_err(|e| e.to_string())?;
        let notifier = event.notifier_builder().create().map_err(|e| e.to_string())?;
        Ok(Self { notifier, _node: node })
    }

    /// Wakes.
    ///
    /// # Errors
    /// What iceoryx2 says.
    #[inline]
    pub fn ring(&self) -> Result<(), String> {
        self.notifier.notify().map(|_| ()).map_err(|e| e.to_string())
    }
}

/// Sleeps until it is woken.
pub struct Ear {
    listener: Listener<ipc::Service>,
    _node: Node<ipc::Service>,
}

impl Ear {
    /// Of a service.
    ///
    /// # Errors
    /// What iceoryx2 says.
    pub fn new(name: &str) -> Result<Self, String> {
        let node = NodeBuilder::new().create::<ipc::Service>().map_err(|e| e.to_string())?;
        let name = ServiceName::new(name).map_err(|e| e.to_string())?;
        let event = node.service_builder(&name).event().open_or_create().map_err(|e| e.to_string())?;
        let listener = event.listener_builder().create().map_err(|e| e.to_string())?;
        Ok(Self { listener, _node: node })
    }

    /// Until it is woken or the time is up.
    #[inline]
    pub fn sleep(&self, longest: Duration) {
        // What there is tells the look after it.
        let _ = self.listener.timed_wait(|_| {}, longest);
    }
}
