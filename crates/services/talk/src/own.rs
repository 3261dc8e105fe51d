//! What a person keeps for itself: how far it has read, drafts, what does not ring, settings. On all its computers, by the marks of
//! `people` (spec talk, rules 37 to 39).

use base::{Fault, Timestamp, WebId};
use kernel::Step;
use people::Wish;
use store::StoreError;
use wire::codec::Bytes;

use crate::ids::RoomId;
use crate::service::Talk;
use crate::statement::TURN_MAX;
use crate::tables::{DRAFTS, QUIET, READ, SETTINGS, SettingsRow};

/// Kinds of marks.
const READ_MARK: u64 = 100;
const DRAFT_MARK: u64 = 101;
const QUIET_MARK: u64 = 102;
const SETTINGS_MARK: u64 = 103;

/// Bytes of a draft that follows its person: what a mark holds.
pub(crate) const DRAFT_FOLLOWS_MAX: usize = 1_000;

/// Minutes of a day.
pub(crate) const DAY_MINUTES: u32 = 24 * 60;

/// Bytes of encoded settings at most.
const SETTINGS_SIZE_MAX: usize = 64;

fn about(web: WebId, room: Option<RoomId>) -> Bytes {
    let room = room.map(|room| *room.0.as_bytes());
    let mut about = web.as_bytes().to_vec();
    about.extend(room.iter().flatten());
    about.into()
}

fn keep(step: &mut Step<'_>, kind: u64, about: Bytes, value: Option<Vec<u8>>) {
    let wish = Wish::Mark { kind, about, value: value.map(Bytes::from) };
    step.tell("people", wish.to_bytes());
}

/// Marks a conversation as read up to a turn; going back is not possible.
pub(crate) fn mark_read(step: &mut Step<'_>, web: WebId, room: RoomId, turn: u64) -> Result<bool, Fault> {
    let is_new = READ.get(step.view(), &(web, room))?.is_none_or(|known| known < turn);
    if is_new {
        READ.put(step.rows(), &(web, room), &turn);
        keep(step, READ_MARK, about(web, Some(room)), Some(turn.to_be_bytes().to_vec()));
        crate::receipts::tell_read(step, web, room, turn)?;
    }
    Ok(is_new)
}

/// Keeps a draft; says whether it follows its person.
pub(crate) fn keep_draft(
    step: &mut Step<'_>,
    web: WebId,
    room: RoomId,
    text: &str,
) -> Result<bool, StoreError> {
    let follows = text.len() <= DRAFT_FOLLOWS_MAX;
    let known = DRAFTS.get(step.view(), &(web, room))?.unwrap_or_default();
    if known != text {
        match text {
            "" => DRAFTS.delete(step.rows(), &(web, room)),
            text => DRAFTS.put(step.rows(), &(web, room), &text.to_owned()),
        }
        if follows {
            let value = (!text.is_empty()).then(|| text.as_bytes().to_vec());
            keep(step, DRAFT_MARK, about(web, Some(room)), value);
        }
    }
    Ok(follows)
}

/// Whether a conversation rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ringing {
    Loud,
    Quiet,
}

/// Has a conversation ring no more, or again.
pub(crate) fn keep_quiet(step: &mut Step<'_>, web: WebId, room: RoomId, ringing: Ringing) {
    match ringing {
        Ringing::Quiet => QUIET.put(step.rows(), &(web, room), &()),
        Ringing::Loud => QUIET.delete(step.rows(), &(web, room)),
    }
    keep(step, QUIET_MARK, about(web, Some(room)), (ringing == Ringing::Quiet).then(|| vec![1]));
}

/// Keeps settings.
pub(crate) fn keep_settings(step: &mut Step<'_>, web: WebId, settings: SettingsRow) {
    SETTINGS.put(step.rows(), &web, &settings);
    keep(step, SETTINGS_MARK, about(web, None), Some(wire::to_bytes(&settings)));
}

/// Says whether nothing rings now.
pub(crate) fn is_quiet_hour(settings: SettingsRow, now: Timestamp) -> bool {
    let minute = u32::try_from(now.millis() / 60_000 % u64::from(DAY_MINUTES)).unwrap_or(0);
    let (from, until) = (settings.quiet_from, settings.quiet_until);
    if from <= until { from <= minute && minute < until } else { minute >= from || minute < until }
}

impl Talk {
    /// A mark of this person's is new: of this computer or another. It may be of a stolen one: what cannot be read says nothing.
    pub(crate) fn hear_mark(
        &mut self,
        step: &mut Step<'_>,
        (kind, about): (u64, &[u8]),
        value: Option<&[u8]>,
    ) -> Result<(), Fault> {
        let Some((web, rest)) = about.split_first_chunk() else { return Ok(()) };
        let web = WebId::new(*web);
        if kind == SETTINGS_MARK && rest.is_empty() {
            let read = |value| wire::from_bytes(value, SETTINGS_SIZE_MAX).ok();
            let settings: Option<SettingsRow> = value.and_then(read);
            let is_sound = |settings: &SettingsRow| {
                settings.quiet_from < DAY_MINUTES && settings.quiet_until < DAY_MINUTES
            };
            if let Some(settings) = settings.filter(is_sound) {
                SETTINGS.put(step.rows(), &web, &settings);
            }
            return Ok(());
        }
        let Some(room) = base::OperationId::from_slice(rest).map(RoomId) else { return Ok(()) };
        match (kind, value) {
            (READ_MARK, Some(value)) => {
                let turn = value.try_into().map_or(0, u64::from_be_bytes).min(TURN_MAX);
                if READ.get(step.view(), &(web, room))?.is_none_or(|known| known < turn) {
                    READ.put(step.rows(), &(web, room), &turn);
                    crate::receipts::tell_read(step, web, room, turn)?;
                }
            }
            (DRAFT_MARK, Some(value)) => {
                if let Ok(text) = std::str::from_utf8(value) {
                    DRAFTS.put(step.rows(), &(web, room), &text.to_owned());
                }
            }
            (DRAFT_MARK, None) => DRAFTS.delete(step.rows(), &(web, room)),
            (QUIET_MARK, Some(_)) => QUIET.put(step.rows(), &(web, room), &()),
            (QUIET_MARK, None) => QUIET.delete(step.rows(), &(web, room)),
            _ => return Ok(()),
        }
        self.changed.insert((web, room));
        Ok(())
    }
}
