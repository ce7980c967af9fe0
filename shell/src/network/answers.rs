//! What a relay answers to those who ask: lost frames, what frames are, what time it is.
//!
//! One thread for all streams: whoever asks much waits, and neither the network's threads nor those that follow streams wait for him. Answers have
//! the congestion control of their question, which is DROP with our receivers: what the network cannot take is asked for again.

use std::ops::Range;
use std::sync::PoisonError;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use zenoh::bytes::ZBytes;
use zenoh::query::{Query, Queryable};
use zenoh::{Session, Wait as _};

use super::archive::Archive;
use super::ask;
use super::cache::Answer;
use super::chunk::{Chunk, Content};
use super::clocks::SenderTimes;
use super::error::NetworkError;
use super::info::Run;
use super::key::{Address, Topic};
use super::relayed::SharedStream;
use crate::clock::Readings;
use crate::recording::Recordings;

/// Questions that may wait.
const WAITING: usize = 256;
/// Bytes of frames in one answer; who misses more asks again.
pub(super) const BUDGET: usize = 4 << 20;

struct Question {
    stream: SharedStream,
    topic: Topic,
    query: Query,
    came: Readings,
}

/// The thread, and the way to it.
#[derive(Debug)]
pub(super) struct Answers {
    questions: SyncSender<Question>,
    thread: JoinHandle<()>,
}

impl Answers {
    pub(super) fn start(recordings: Recordings) -> Result<Self, NetworkError> {
        let (questions, asked) = sync_channel(WAITING);
        let archive = if recordings.is_empty() { None } else { Some(Archive::start(recordings)?) };
        let thread = std::thread::Builder::new().name("axm-answers".to_owned());
        let thread = thread.spawn(move || answer_all(&asked, archive));
        Ok(Self { questions, thread: thread.map_err(NetworkError::Thread)? })
    }

    /// Declares that questions about a stream are answered, as long as what is returned lives.
    pub(super) fn about(
        &self,
        session: &Session,
        address: &Address,
        stream: &SharedStream,
    ) -> Result<[Queryable<()>; 3], NetworkError> {
        let declare = |topic: Topic| {
            let key = address.key(topic);
            let (questions, stream) = (self.questions.clone(), stream.clone());
            let queryable = session.declare_queryable(key.clone()).callback(move |query| {
                let came = Readings::now();
                // Too many questions: this one is not answered.
                let _ = questions.try_send(Question { stream: stream.clone(), topic, query, came });
            });
            queryable.wait().map_err(|source| NetworkError::Declare { key, source })
        };
        Ok([declare(Topic::Repair)?, declare(Topic::Info)?, declare(Topic::Clock)?])
    }

    /// Ends the thread. All that [`Answers::about`] returned has to be gone.
    pub(super) fn end(self) {
        drop(self.questions);
        let _ = self.thread.join();
    }
}

fn answer_all(asked: &Receiver<Question>, archive: Option<Archive>) {
    for question in asked {
        if let Err(error) = answer(&question, archive.as_ref()) {
            tracing::debug!("a question could not be answered: {error}");
        }
    }
    if let Some(archive) = archive {
        archive.end();
    }
}

fn answer(question: &Question, archive: Option<&Archive>) -> Result<(), zenoh::Error> {
    let Question { stream, topic, query, came } = question;
    let key = query.key_expr().clone();
    let parameters = query.parameters().as_str();
    match topic {
        Topic::Clock => {
            let run = stream.lock().unwrap_or_else(PoisonError::into_inner).run;
            if parameters != clock_parameters(run.relay) {
                return Ok(());
            }
            let times = SenderTimes { came: *came, went: Readings::now() };
            query.reply(key, times.emit().to_vec()).express(true).wait()
        }
        Topic::Info => {
            let (infos, address) = {
                let stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
                (stream.infos(), stream.address.clone())
            };
            let key = address.key(Topic::Info);
            for (info, static_metadata) in infos {
                let reply = query.reply(key.clone(), info.emit());
                reply.attachment(static_metadata).wait()?;
            }
            Ok(())
        }
        Topic::Repair => {
            let Some((instance, missing)) = ask::read(parameters) else { return Ok(()) };
            let (run, answers) = {
                let stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
                (stream.run, stream.cache.answer(&missing, BUDGET))
            };
            if run.instance != instance {
                return Ok(());
            }
            tracing::debug!("asked for {missing:?}: {} answers", answers.len());
            for answer in answers {
                let message = match answer {
                    Answer::Piece(message) => message,
                    Answer::Gone(frames) => match archive {
                        // The oldest first: who has them asks for the rest.
                        Some(archive) => {
                            archive.answer(stream, query, instance, frames);
                            break;
                        }
                        None => ZBytes::from(gone(run, &frames)),
                    },
                };
                query.reply(key.clone(), message).wait()?;
            }
            Ok(())
        }
        Topic::Data | Topic::State | Topic::Alive => Ok(()),
    }
}

/// The message that frames cannot be had any more.
pub(super) fn gone(run: Run, frames: &Range<u64>) -> Vec<u8> {
    let gone = Chunk {
        relay: run.relay,
        instance: run.instance,
        description: 0,
        first: frames.start,
        generation: 0,
        frames: u32::try_from(frames.end.saturating_sub(frames.start)).unwrap_or(u32::MAX),
        frame_len: 1,
        content: Content::Gone,
    };
    gone.emit(&[], &[])
}

/// Which relay is asked for its clocks.
pub(super) fn clock_parameters(relay: u64) -> String {
    format!("relay={relay:016x}")
}
