//! What Mallory says that no honest program would: records made by hand, letters sealed by others put into her own log, receipts of what
//! she was never sent.

use std::ops::Bound;
use std::time::Duration;

use kernel::Channel;
use minicbor::Encoder;
use wire::codec::Bytes;
use wire::crypto::Signer as _;
use wire::entry::{Entry, Header, Log, VERSION};
use wire::record::{Batch, Place, Record};
use wire::sync::Message;

use super::{ALICE, BOB, CAROL, DAVE, MALLORY, Town};

type Written = Result<(), minicbor::encode::Error<std::convert::Infallible>>;

fn written(write: impl FnOnce(&mut Encoder<Vec<u8>>) -> Written) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    write(&mut encoder).map(|()| encoder.into_writer()).unwrap_or_default()
}

fn id(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap_or_default()
}

/// A message as spec talk, rule 6 writes it.
fn said(room: &[u8], turn: u64, words: &str) -> Vec<u8> {
    written(|encoder| {
        encoder
            .array(2)?
            .u64(2)?
            .array(2)?
            .bytes(room)?
            .array(4)?
            .bytes(&[turn.to_le_bytes()[0]; 16])?
            .u64(turn)?;
        encoder.u64(1_795_305_600_000)?.array(3)?.str(words)?.array(0)?.array(0)?;
        Ok(())
    })
}

/// Something about a message (rule 7).
fn about(message: &[u8], what: impl FnOnce(&mut Encoder<Vec<u8>>) -> Written) -> Vec<u8> {
    written(|encoder| {
        encoder.array(2)?.u64(3)?.array(1)?.array(3)?.bytes(message)?.u64(1_795_305_600_000)?;
        what(encoder)
    })
}

impl Town {
    /// Mallory forges; another hands it on, as neighbours do. Her own computer is off from then on: it has not written that.
    pub(super) fn forge(&mut self) {
        self.claim_receipts();
        let records = self.forged();
        let keyring = self.world.peer(MALLORY).keyring();
        let key = keyring.and_then(|keyring| keyring.current(self.web)).cloned();
        let author = self.world.peer(MALLORY).device;
        let rows = self.world.peer(MALLORY).rows();
        let heads = records::heads(&*rows, self.web).unwrap_or_default();
        let head = heads.iter().find(|head| head.device == author && head.log == Log::Records);
        let (Some(key), Some(head)) = (key, head) else {
            self.report.claim(false, || "Mallory has no key and no log to forge with".to_owned());
            return;
        };
        let seq = head.seq + 1;
        let place = Place { web: self.web, author, seq };
        let batch = Batch::seal(&records, Vec::new(), &key, [9; 24], place);
        let body = batch.map(|batch| wire::to_bytes(&batch)).unwrap_or_default();
        let header = Header {
            version: VERSION,
            web: self.web,
            log: Log::Records,
            author,
            seq,
            previous: head.entry,
            body: body.into(),
        };
        let vault = self.world.peer(MALLORY).vault();
        debug_assert_eq!(vault.device(), author);
        let entry = Entry::sign(header, &vault);
        self.world.power_cut(MALLORY, Duration::from_hours(1_000));
        let entries = vec![Bytes::from(entry.bytes)];
        let message = wire::to_bytes(&Message::Entries { web: self.web, entries, is_last: true });
        for from in [ALICE, BOB] {
            for to in self.world.connected_to(from) {
                self.world.forge(from, to, Channel::Member, "records", &message);
            }
        }
        self.world.run_for(Duration::from_mins(3));
        for peer in [ALICE, BOB, CAROL, DAVE] {
            let stored = records::entry(&*self.world.peer(peer).rows(), self.web, author, Log::Records, seq);
            let is_there = stored.ok().flatten().is_some();
            self.report.claim(is_there, || format!("what Mallory forged did not even come to {peer}"));
        }
        self.tally.forged += u64::try_from(records.len()).unwrap_or(0);
    }

    fn forged(&self) -> Vec<Record> {
        let kitchen = id(&self.room(0).id);
        let direct = id(&self.room(2).id);
        let of_alice: Vec<Vec<u8>> =
            self.spoken.iter().filter(|spoken| spoken.by == ALICE).map(|spoken| id(&spoken.id)).collect();
        let alice = crate::check::person_of(&self.world, ALICE);
        let mut bodies = vec![
            said(&kitchen, 1 << 61, "forged, and leapt"),
            said(&kitchen, u64::MAX, "forged, and leapt further"),
            // In the open, under the name of a direct conversation.
            said(&direct, 1, "forged in the open"),
            written(|encoder| {
                encoder.array(2)?.u64(1)?.array(3)?.bytes(&kitchen)?.u64(1 << 60)?;
                encoder.array(2)?.u64(0)?.array(1)?.str("forged")?;
                Ok(())
            }),
            written(|encoder| {
                encoder
                    .array(2)?
                    .u64(4)?
                    .array(4)?
                    .bytes(&kitchen)?
                    .bytes(&id(&alice))?
                    .u64(1 << 60)?
                    .array(0)?;
                Ok(())
            }),
            // A room whose name would break lines.
            written(|encoder| {
                encoder.array(2)?.u64(0)?.array(1)?.array(5)?.bytes(&[1; 16])?.u64(1)?;
                encoder.str("forged\nroom")?.str("")?.bool(true)?;
                Ok(())
            }),
            b"forged".to_vec(),
        ];
        for message in &of_alice {
            bodies.push(about(message, |encoder| {
                encoder.array(2)?.u64(0)?.array(2)?.u64(u64::MAX)?;
                encoder.array(3)?.str("forged edit")?.array(0)?.array(0)?;
                Ok(())
            }));
            bodies.push(about(message, |encoder| {
                encoder.array(2)?.u64(1)?.array(0)?;
                Ok(())
            }));
        }
        // Letters of others, byte for byte in her own log.
        bodies.extend(self.letters_at_mallory().into_iter().map(|sealed| {
            let mut body = written(|encoder| {
                encoder.array(2)?.u64(5)?.array(1)?;
                Ok(())
            });
            body.extend(sealed);
            body
        }));
        bodies.truncate(200);
        bodies.into_iter().map(|body| Record { service: "talk".to_owned(), body: body.into() }).collect()
    }

    /// Takes the letters that did not open out of Mallory's rows.
    fn letters_at_mallory(&self) -> Vec<Vec<u8>> {
        let rows = self.world.peer(MALLORY).rows();
        let closed = rows.range("talk.closed", Bound::Unbounded, Bound::Unbounded);
        let sealed = |row: Vec<u8>| -> Option<Vec<u8>> {
            let mut decoder = minicbor::Decoder::new(&row);
            decoder.array().ok()?;
            decoder.skip().ok()?;
            decoder.skip().ok()?;
            row.get(decoder.position()..).map(<[u8]>::to_vec)
        };
        closed.filter_map(Result::ok).filter_map(|(_, row)| sealed(row)).take(20).collect()
    }

    /// Mallory says that she, and everybody, has and has read what she was never sent.
    fn claim_receipts(&mut self) {
        let direct = id(&self.room(2).id);
        for to in [ALICE, BOB, CAROL] {
            let device = self.world.peer(to).device;
            let have = written(|encoder| {
                encoder.array(2)?.u64(0)?.array(2)?.bytes(self.web.as_bytes())?;
                encoder.array(1)?.array(2)?.bytes(device.as_bytes())?.u64(u64::MAX)?;
                Ok(())
            });
            let read = written(|encoder| {
                encoder
                    .array(2)?
                    .u64(1)?
                    .array(3)?
                    .bytes(self.web.as_bytes())?
                    .bytes(&direct)?
                    .u64(1 << 62)?;
                Ok(())
            });
            for message in [have, read, b"forged".to_vec()] {
                self.world.forge(MALLORY, to, Channel::Member, "talk", &message);
            }
        }
        self.world.run_for(Duration::from_secs(2));
    }
}
