//! What a relay answers to those who ask: lost frames, what frames are, what time it is.
//!
//! One thread for all streams: whoever asks much waits, and neither the network's threads nor those that follow streams wait for him. Answers have
//! the congestion control of their question, which is DROP with our receivers: what the network cannot take is asked for again.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use zenoh::bytes::ZBytes;
use zenoh::query::{Query, Queryable};
use zenoh::{Session, Wait as _};

use super::ask;
use super::cache::{Answer, Cache};
use super::chunk::{Chunk, Content};
use super::clocks::SenderTimes;
use super::error::NetworkError;
use super::info::{Info, Run};
use super::key::{Address, Topic};
use crate::clock;

/// Questions that may wait.
const WAITING: usize = 256;
/// Bytes of frames in one answer; who misses more asks again.
const BUDGET: usize = 4 << 20;
/// Descriptions that are remembered for frames in the cache.
const REMEMBERED: usize = 8;

/// What is known of a stream that is relayed.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) address: Address,
    pub(super) run: Run,
    pub(super) cache: Cache<ZBytes>,
    /// What frames were and are, the newest last, with the static metadata.
    pub(super) infos: VecDeque<(Info, Option<ZBytes>)>,
    /// How the stream is.
    pub(super) state: &'static str,
}

/// Shared with the thread that answers.
pub(super) type SharedStream = Arc<Mutex<Shared>>;

impl Shared {
    /// What frames are from now on.
    pub(super) fn remember(&mut self, info: Info, static_metadata: Option<ZBytes>) {
        self.infos.retain(|(known, _)| known.description != info.description);
        if self.infos.len() == REMEMBERED {
            self.infos.pop_front();
        }
        self.infos.push_back((info, static_metadata));
    }
}

struct Question {
    stream: SharedStream,
    topic: Topic,
    query: Query,
    came: [i64; 2],
}

/// The thread, and the way to it.
#[derive(Debug)]
pub(super) struct Answers {
    questions: SyncSender<Question>,
    thread: JoinHandle<()>,
}

impl Answers {
    pub(super) fn start() -> Result<Self, NetworkError> {
        let (questions, asked) = sync_channel(WAITING);
        let thread = std::thread::Builder::new().name("axm-answers".to_owned()).spawn(move || answer_all(&asked));
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
                let came = [clock::monotonic_ns(), clock::realtime_ns()];
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

fn answer_all(asked: &Receiver<Question>) {
    for question in asked {
        if let Err(error) = answer(&question) {
            tracing::debug!("a question could not be answered: {error}");
        }
    }
}

fn answer(question: &Question) -> Result<(), zenoh::Error> {
    let Question { stream, topic, query, came } = question;
    let key = query.key_expr().clone();
    let parameters = query.parameters().as_str();
    match topic {
        Topic::Clock => {
            let run = stream.lock().unwrap_or_else(PoisonError::into_inner).run;
            if parameters != clock_parameters(run.relay) {
                return Ok(());
            }
            let went = [clock::monotonic_ns(), clock::realtime_ns()];
            let times = SenderTimes { monotonic_ns: [came[0], went[0]], realtime_ns: [came[1], went[1]] };
            query.reply(key, times.emit().to_vec()).express(true).wait()
        }
        Topic::Info => {
            let (infos, address) = {
                let stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
                let mut infos: Vec<_> = stream.infos.iter().cloned().collect();
                infos.iter_mut().for_each(|(info, _)| stream.state.clone_into(&mut info.state));
                (infos, stream.address.clone())
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
                    Answer::Gone(frames) => {
                        let len = frames.end - frames.start;
                        let frames_len = u32::try_from(len).unwrap_or(u32::MAX);
                        let gone = Chunk {
                            relay: run.relay,
                            instance,
                            description: 0,
                            first: frames.start,
                            generation: 0,
                            frames: frames_len,
                            frame_len: 1,
                            content: Content::Gone,
                        };
                        ZBytes::from(gone.emit(&[], &[]))
                    }
                };
                query.reply(key.clone(), message).wait()?;
            }
            Ok(())
        }
        Topic::Data | Topic::State | Topic::Alive => Ok(()),
    }
}

/// Which relay is asked for its clocks.
pub(super) fn clock_parameters(relay: u64) -> String {
    format!("relay={relay:016x}")
}
