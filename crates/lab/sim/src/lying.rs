//! What peers say about texts, read apart from the code that writes it, and Mallory's ways to lie about it.

use std::time::Duration;

use base::{ContentId, DeviceId, WebId};
use kernel::Channel;
use minicbor::{Decode, Encode};
use search::jobs::{Phrase, Snippet, TextHit, Texts};

use crate::world::{PeerIndex, World};

/// A message of `search`, as specs/search.md has it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Message {
    /// A question.
    #[n(0)]
    Ask {
        /// In which web.
        #[n(0)]
        web: WebId,
        /// Which question.
        #[n(1)]
        question: u64,
        /// Words.
        #[n(2)]
        words: Vec<String>,
        /// Which follow each other.
        #[n(3)]
        phrases: Vec<Phrase>,
    },
    /// An answer.
    #[n(1)]
    Answer {
        /// In which web.
        #[n(0)]
        web: WebId,
        /// To which question.
        #[n(1)]
        question: u64,
        /// With what.
        #[n(2)]
        texts: Texts,
    },
    /// A question to a broker.
    #[n(2)]
    AskBroker {
        /// In which web.
        #[n(0)]
        web: WebId,
        /// Which question.
        #[n(1)]
        question: u64,
        /// Words.
        #[n(2)]
        words: Vec<String>,
        /// Which follow each other.
        #[n(3)]
        phrases: Vec<Phrase>,
    },
    /// A broker's answer.
    #[n(3)]
    Brokered {
        /// In which web.
        #[n(0)]
        web: WebId,
        /// To which question.
        #[n(1)]
        question: u64,
        /// With what.
        #[n(2)]
        texts: Texts,
        /// Whose documents were read, up to where.
        #[n(3)]
        read: Vec<ReadOf>,
    },
    /// A wish for parts of texts.
    #[n(5)]
    Show {
        /// In which web.
        #[n(0)]
        web: WebId,
        /// For which question.
        #[n(1)]
        question: u64,
        /// Words.
        #[n(2)]
        words: Vec<String>,
        /// Which follow each other.
        #[n(3)]
        phrases: Vec<Phrase>,
        /// Of which.
        #[n(4)]
        contents: Vec<ContentId>,
    },
    /// Parts of texts.
    #[n(6)]
    Shown {
        /// In which web.
        #[n(0)]
        web: WebId,
        /// For which question.
        #[n(1)]
        question: u64,
        /// Of which, and what.
        #[n(2)]
        snippets: Vec<Snippet>,
    },
}

/// How far a broker has read whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct ReadOf {
    /// The first bytes of the device's id.
    #[n(0)]
    pub device: u64,
    /// Up to which place in its log.
    #[n(1)]
    pub position: u64,
}

/// What an answer says, whoever gives it.
struct Said {
    web: WebId,
    question: u64,
    texts: Texts,
    /// A broker's.
    read: Option<Vec<ReadOf>>,
}

impl Said {
    fn of(message: Message) -> Option<Self> {
        match message {
            Message::Answer { web, question, texts } => Some(Self { web, question, texts, read: None }),
            Message::Brokered { web, question, texts, read } => {
                Some(Self { web, question, texts, read: Some(read) })
            }
            Message::Ask { .. }
            | Message::AskBroker { .. }
            | Message::Show { .. }
            | Message::Shown { .. } => None,
        }
    }

    fn with(&self, question: u64, texts: Texts) -> Vec<u8> {
        let web = self.web;
        wire::to_bytes(&match self.read.clone() {
            Some(read) => Message::Brokered { web, question, texts, read },
            None => Message::Answer { web, question, texts },
        })
    }
}

/// Stands in every snippet that a liar made.
pub(crate) const FORGED: &str = "forged nonsense";

/// How a peer lies when it is asked about texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liar {
    /// Answers everything, with contents it never listed.
    Unlisted,
    /// Answers with what stood in files before, as if it were new.
    Old,
    /// Counts without measure.
    Counts,
    /// Never answers.
    Silent,
    /// Answers twice.
    Twice,
    /// Answers when nobody waits any more.
    Late,
    /// Answers truly, but so late that a broker is given up meanwhile; no lie, so it is not among [`Liar::ALL`].
    Slow,
    /// Answers another question.
    OtherQuestion,
    /// Answers with bytes that mean nothing.
    Garbage,
    /// Asks a hundred questions of 16 words whenever it answers one.
    Bomb,
}

impl Liar {
    /// All ways.
    pub const ALL: [Self; 9] = [
        Self::Unlisted,
        Self::Old,
        Self::Counts,
        Self::Silent,
        Self::Twice,
        Self::Late,
        Self::OtherQuestion,
        Self::Garbage,
        Self::Bomb,
    ];
}

impl Liar {
    /// What is shown of texts: what others wrote, of texts that were not asked for, or nothing ever.
    fn shown(self, mut snippets: Vec<Snippet>) -> Option<Vec<Snippet>> {
        match self {
            Self::Silent | Self::Late | Self::Garbage => return None,
            Self::Unlisted | Self::OtherQuestion => {
                for one in &mut snippets {
                    one.content = ContentId::new([1; ContentId::LEN]);
                }
                snippets.truncate(1);
            }
            Self::Counts => snippets.iter_mut().for_each(|one| one.marks = vec![(0, u32::MAX)]),
            Self::Old | Self::Twice | Self::Bomb | Self::Slow => {}
        }
        Some(snippets)
    }
}

/// What a device is called in a broker's answer: the first eight bytes of its id.
pub(crate) fn short(device: DeviceId) -> u64 {
    device.as_bytes().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Reads a message; `None` when it is none.
pub(crate) fn read(bytes: &[u8]) -> Option<Message> {
    wire::from_bytes(bytes, 1 << 20).ok()
}

/// Sends what a peer's `search` says, or what Mallory makes of it.
pub(crate) fn say(world: &mut World, from: PeerIndex, to: DeviceId, channel: Channel, message: &[u8]) {
    let now = Duration::ZERO;
    let message_read = read(message);
    if let Some(Message::Shown { web, question, snippets }) = message_read {
        crate::check_search::watch_answer(world, from, to, web);
        let snippets = world.peer(from).liar.map_or(Some(snippets.clone()), |liar| liar.shown(snippets));
        if let Some(snippets) = snippets {
            let message = wire::to_bytes(&Message::Shown { web, question, snippets });
            world.watch.sent(None, &message);
            world.send(from, to, channel, "search", &message, now);
        }
        return;
    }
    let is_question = matches!(message_read, Some(Message::Ask { .. } | Message::AskBroker { .. }));
    let Some(answer) = message_read.and_then(Said::of) else {
        world.watch.sent(world.by_device.get(&to).copied().filter(|_| is_question), message);
        return world.send(from, to, channel, "search", message, now);
    };
    crate::check_search::watch_answer(world, from, to, answer.web);
    world.watch.sent(None, message);
    let Some(liar) = world.peer(from).liar else {
        return world.send(from, to, channel, "search", message, now);
    };
    let words = answer.texts.found_in.len();
    let (question, texts) = (answer.question, answer.texts.clone());
    let said: Vec<(Vec<u8>, Duration)> = match liar {
        Liar::Unlisted => vec![(answer.with(question, unlisted(world, texts, words)), now)],
        Liar::Old => vec![(answer.with(question, old(world, texts, words)), now)],
        Liar::Counts => vec![(answer.with(question, counts(texts)), now)],
        Liar::Silent => Vec::new(),
        Liar::Twice => {
            let again = answer.with(question, unlisted(world, texts, words));
            vec![(message.to_vec(), now), (again, Duration::from_millis(1))]
        }
        Liar::Late => vec![(message.to_vec(), Duration::from_secs(6))],
        Liar::Slow => vec![(message.to_vec(), Duration::from_millis(900))],
        Liar::OtherQuestion => vec![(answer.with(question ^ 1, texts), now)],
        Liar::Garbage => vec![(world.dice.seed().to_vec(), now)],
        Liar::Bomb => {
            let mut said: Vec<_> = (0..100).map(|number| (bomb(answer.web, number), now)).collect();
            said.push((message.to_vec(), now));
            said
        }
    };
    for (message, later) in said {
        world.send(from, to, channel, "search", &message, later);
    }
}

/// A content that nobody has, before those that were found.
fn unlisted(world: &mut World, mut texts: Texts, words: usize) -> Texts {
    let hit = TextHit {
        content: ContentId::new(world.dice.seed()),
        counts: vec![5; words],
        length: 100,
        snippet: FORGED.to_owned(),
        marks: vec![(0, 6)],
    };
    texts.hits.truncate(63);
    texts.hits.insert(0, hit);
    texts
}

/// Contents that stood in files once and do no longer, before those that were found.
fn old(world: &World, mut texts: Texts, words: usize) -> Texts {
    let past = world.library.contents().filter(|(content, known)| {
        let mut files = world.peer(known.owner).disk.files();
        !files.any(|(_, file)| file.content() == *content)
    });
    let hit = |(content, known): (ContentId, &crate::texts::Known)| TextHit {
        content,
        counts: vec![5; words],
        length: 100,
        snippet: known.text.line.chars().take(40).collect(),
        marks: Vec::new(),
    };
    let mut hits: Vec<TextHit> = past.take(20).map(hit).collect();
    hits.extend(texts.hits.into_iter().take(40));
    texts.hits = hits;
    texts
}

fn counts(mut texts: Texts) -> Texts {
    texts.documents = u64::MAX;
    texts.length = u64::MAX;
    texts.found_in.fill(1);
    for hit in &mut texts.hits {
        hit.counts.fill(u32::MAX / 16);
        hit.length = u32::MAX;
    }
    texts
}

/// A wish to see what is in a text.
pub fn wish(web: WebId, question: u64, content: ContentId) -> Vec<u8> {
    let (words, contents) = (vec!["a".to_owned()], vec![content]);
    wire::to_bytes(&Message::Show { web, question, words, phrases: Vec::new(), contents })
}

/// A question that costs as much as one may.
pub fn bomb(web: WebId, number: u64) -> Vec<u8> {
    let words = (0..16).map(|place| crate::texts::common_word(place % 8)).collect();
    let phrases = (0..15).map(|first| Phrase { first, count: 2 }).collect();
    wire::to_bytes(&Message::Ask { web, question: number, words, phrases })
}
