//! Admitting agents, and hearing who else did (spec agents, rules 1 to 7).

use std::time::Duration;

use api::agents::Admit;
use base::{ContentId, DeviceId, Fault, PersonId, WebId};
use files::lending::{self, Wanted};
use kernel::{AskId, JobFailure, Step};
use store::{Rows, StoreError};

use crate::capability::{Capability, Scope};
use crate::events::{self, DUE_ALARM};
use crate::faults::AgentError;
use crate::jobs::{PROGRAM_SIZE_MAX, Program, TAKE, Taken, from_bytes, to_bytes};
use crate::reading::{self, which_web};
use crate::service::{Agents, Purpose};
use crate::standing::{self, Agent, is_admin};
use crate::statement::{
    Admission, Budget, CAPABILITIES_MAX, NAME_LEN_MAX, NOTE_SIZE_MAX, Place, SETTINGS_SIZE_MAX, Said,
    is_name, is_note, is_settings,
};
use crate::tables::{AgentKey, DOING, DoingRow, KNOWN, LOG, NOTICES, Name, SAID, SEEN, STATES, SaidRow};

/// How far the clock of another may be ahead of this one.
const AHEAD_MAX: Duration = Duration::from_mins(1);

/// Agents that one person has a word about in one web at most, the stopped ones among them.
const SAID_MAX: usize = 64;

/// An admission that waits for its program to be checked.
#[derive(Debug, Clone)]
pub(crate) struct Admitting {
    pub(crate) ask: AskId,
    pub(crate) key: AgentKey,
    /// Program and size are not known yet.
    pub(crate) admission: Admission,
}

impl Agents {
    /// Begins to admit a program: first it is checked and kept.
    pub(crate) fn admit(&mut self, step: &mut Step<'_>, ask: AskId, asked: &Admit) -> Result<(), Fault> {
        let web = which_web(step.view(), asked.web.as_deref())?;
        admin(step.view(), web)?;
        self.has_room()?;
        let name = match &asked.name {
            Some(name) => name.clone(),
            None => name_of(&asked.file),
        };
        if !is_name(&name) {
            return Err(AgentError::BadName { name, limit: NAME_LEN_MAX }.into());
        }
        let key = (web, Name::new(name));
        let admission = Admission {
            program: ContentId::new([0; ContentId::LEN]),
            size: 0,
            capabilities: capabilities(step.view(), web, &asked.may)?,
            budget: budget(asked)?,
            place: if asked.here { Place::Here } else { Place::Each },
            settings: asked.settings.clone().unwrap_or_default(),
            note: asked.note.clone().unwrap_or_default(),
        };
        if !is_settings(&admission.settings) {
            return Err(AgentError::BadSettings { limit: SETTINGS_SIZE_MAX }.into());
        }
        if !is_note(&admission.note) {
            return Err(AgentError::BadNote { limit: NOTE_SIZE_MAX }.into());
        }
        let program = program_at(step.view(), &asked.file)?;
        let job = step.work(TAKE, to_bytes(&program));
        self.jobs.insert(job, Purpose::Take(Admitting { ask, key, admission }));
        Ok(())
    }

    /// The program was checked: it is admitted, or refused with what is wrong with it.
    pub(crate) fn take_taken(
        &mut self,
        step: &mut Step<'_>,
        admitting: Admitting,
        outcome: Result<Vec<u8>, JobFailure>,
    ) {
        let Admitting { ask, key, mut admission } = admitting;
        let taken = match outcome {
            Ok(bytes) => from_bytes::<Taken>(&bytes).map_err(|error| error.to_string()),
            Err(JobFailure::Failed(why)) => Err(why),
            Err(_) => Err("this computer has no sandbox just now".to_owned()),
        };
        let taken = match taken {
            Ok(taken) => taken,
            Err(why) => {
                step.refuse(ask, AgentError::BadProgram { name: key.1.to_string(), why }.into());
                return;
            }
        };
        (admission.program, admission.size) = (taken.content, taken.size);
        if !admission.is_within_limits() {
            let fault = AgentError::TooLarge { name: key.1.to_string(), limit: PROGRAM_SIZE_MAX };
            step.refuse(ask, fault.into());
            return;
        }
        // Whoever asked may have lost the right meanwhile; nobody else would tell.
        let said = self.say(step, &key, Some(admission));
        match said.and_then(|()| reading::agent(step.view(), step.me(), &key, step.now())) {
            Ok(shown) => step.reply(ask, &shown),
            Err(fault) => step.refuse(ask, fault),
        }
    }

    /// Says something about an agent to the web, and takes it oneself. Asked anew whether one may.
    pub(crate) fn say(
        &mut self,
        step: &mut Step<'_>,
        key: &AgentKey,
        admission: Option<Admission>,
    ) -> Result<(), Fault> {
        let me = admin(step.view(), key.0)?;
        let is_new = !SAID.has(step.view(), &(key.0, key.1.clone(), me))?;
        if is_new && said_by(step.view(), key.0, me)? >= SAID_MAX {
            return Err(AgentError::TooMany { limit: SAID_MAX }.into());
        }
        let (mut at, device) = (step.now(), step.me());
        // After whatever was said before, also by others and when the clock was set back.
        for row in SAID.within(step.view(), key) {
            at = at.max(row?.1.at.after(Duration::from_millis(1)));
        }
        let said = Said { name: key.1.to_string(), at, admission };
        records::publish(step, key.0, "agents", said.to_bytes())?;
        self.take(step, (key.0, device, me), said)
    }

    /// Hears what another device says.
    pub(crate) fn hear(
        &mut self,
        step: &mut Step<'_>,
        (web, author): (WebId, DeviceId),
        body: &[u8],
    ) -> Result<(), Fault> {
        let mut said = match Said::read(body) {
            Ok(said) => said,
            Err(error) => {
                tracing::warn!(author = %author.short(), %error, "a record about an agent was dropped");
                return Ok(());
            }
        };
        let Some(person) = people::read::person_of(step.view(), web, author)? else { return Ok(()) };
        // A clock that is far ahead does not have the last word for ever.
        said.at = said.at.min(step.now().after(AHEAD_MAX));
        self.take(step, (web, author, person), said)
    }

    fn take(
        &mut self,
        step: &mut Step<'_>,
        (web, device, person): (WebId, DeviceId, PersonId),
        said: Said,
    ) -> Result<(), Fault> {
        let row = (web, Name::new(said.name), person);
        let known = SAID.get(step.view(), &row)?;
        match &known {
            // Of two words of one moment, as of two devices, the one that stops is kept, on all computers alike.
            Some(known)
                if (known.at, known.admission.is_none(), known.device)
                    >= (said.at, said.admission.is_none(), device) =>
            {
                return Ok(());
            }
            None if said_by(step.view(), web, person)? >= SAID_MAX => return Ok(()),
            _ => {}
        }
        if !self.has_agents(step.view())? {
            // What happened before the first agent is told to none.
            let last = kernel::last_event(step.view())?;
            SEEN.put(step.rows(), &(), &last);
            self.seen = Some(last);
            self.is_any = Some(true);
        }
        let key = (web, row.1.clone());
        let last = said.admission.clone().or_else(|| known.as_ref().and_then(|known| known.last.clone()));
        let is_by_admin =
            is_admin(step.view(), web, person)? || known.as_ref().is_some_and(|known| known.is_by_admin);
        let now = SaidRow { at: said.at, device, admission: said.admission, last, is_by_admin };
        let counted = standing::word(step.view(), &key)?;
        SAID.put(step.rows(), &row, &now);
        // What happened before is told to none; a word that does not count keeps nothing from anybody.
        if standing::word(step.view(), &key)? != counted {
            let doing = DOING.get(step.view(), &key)?.unwrap_or_default();
            let from = kernel::last_event(step.view())?;
            DOING.put(step.rows(), &key, &DoingRow { from, ..doing });
        }
        if let Some(Admission { program, .. }) = known.and_then(|known| known.last)
            && !standing::is_wanted(step.view(), web, program)?
        {
            lending::let_go(step, web, &[program]);
        }
        self.settle(step, web)?;
        reading::tell_changed(step, &key)?;
        Ok(())
    }

    /// Brings everything in line after something that decides who may run has changed.
    pub(crate) fn settle(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        self.end_unwanted(step)?;
        bring_programs(step, web)?;
        events::compare_members(step, web)?;
        // In a step of its own: what was published here is sealed first.
        step.alarm(Duration::ZERO, DUE_ALARM);
        Ok(())
    }
}

/// Brings the programs of agents that are for this computer, or offers them when they are here.
fn bring_programs(step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
    let me = step.me();
    let agents = standing::admitted(step.view(), me)?;
    for Agent { device, admission, .. } in agents.iter().filter(|one| one.key.0 == web && one.is_for(me)) {
        let Admission { program, size, .. } = admission;
        if lending::is_here(step.view(), web, *program)? {
            continue;
        }
        let wanted =
            Wanted { content: *program, size: *size, from: Some(*device).filter(|from| *from != me) };
        // Checked when it was admitted here, and kept in the store since.
        match files::own_source(step.view(), *program)?.is_some() || *device == me {
            true => lending::offer(step, web, vec![wanted]),
            false => lending::bring(step, web, vec![wanted]),
        }
    }
    Ok(())
}

/// Returns the person of this peer, who has to be an admin of a web.
pub(crate) fn admin(rows: &dyn Rows, web: WebId) -> Result<PersonId, Fault> {
    if let Some(me) = people::read::my_person(rows)?
        && is_admin(rows, web, me)?
    {
        return Ok(me);
    }
    Err(AgentError::NoAdmin { web: people::read::web_label(rows, web)? }.into())
}

/// Returns where a program is that a person names: a file of this computer, or a file of the tree that is here.
pub(crate) fn program_at(rows: &dyn Rows, path: &str) -> Result<Program, Fault> {
    if path.starts_with('/') {
        return Ok(Program::File { path: path.to_owned() });
    }
    let file = files::look::file_at(rows, path)?;
    let file = file.ok_or_else(|| AgentError::NoSuchFile { path: path.to_owned() })?;
    let source = files::own_source(rows, file.content)?;
    let source = source.ok_or_else(|| AgentError::NotHere { path: path.to_owned() })?;
    Ok(Program::Here { content: file.content, size: file.size, source })
}

/// Reads what an agent may do.
pub(crate) fn capabilities(rows: &dyn Rows, web: WebId, texts: &[String]) -> Result<Vec<Capability>, Fault> {
    let mut all = Vec::new();
    for text in texts {
        let one = Capability::parse(rows, web, text)?;
        all.push(one.ok_or_else(|| AgentError::BadCapability { text: text.clone() })?);
    }
    all.sort_unstable();
    all.dedup();
    let schedules = all.iter().filter(|one| matches!(one, Capability::Every(_))).count();
    if all.len() > CAPABILITIES_MAX || schedules > 1 {
        return Err(AgentError::TooManyCapabilities { limit: CAPABILITIES_MAX }.into());
    }
    Ok(all)
}

/// Everything an agent can be admitted to.
pub(crate) fn everything() -> Vec<Capability> {
    use Capability as C;
    let all = Scope::All;
    vec![
        C::Changes(all),
        C::Read(all),
        C::Names(all),
        C::Members,
        C::Guard,
        C::Facts,
        C::Notice,
        C::Warn,
        C::Hold,
    ]
}

fn budget(asked: &Admit) -> Result<Budget, Fault> {
    let usual = Budget::default();
    let budget = Budget {
        cpu_ms: asked.cpu_ms.unwrap_or(usual.cpu_ms),
        memory_mib: asked.memory_mib.unwrap_or(usual.memory_mib),
        runs_per_hour: asked.runs_per_hour.unwrap_or(usual.runs_per_hour),
        actions_per_day: asked.actions_per_day.unwrap_or(usual.actions_per_day),
        state_bytes: asked.state_bytes.unwrap_or(usual.state_bytes),
    };
    if budget.is_within_limits() { Ok(budget) } else { Err(AgentError::BadBudget.into()) }
}

fn name_of(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.strip_suffix(".wasm").unwrap_or(name).to_lowercase().replace(['_', ' ', '.'], "-")
}

fn said_by(rows: &dyn Rows, web: WebId, person: PersonId) -> Result<usize, StoreError> {
    let mut count = 0;
    for row in SAID.within(rows, &web) {
        count += usize::from(row?.0.2 == person);
    }
    Ok(count)
}

/// Forgets all about the agents of a web that was left.
pub(crate) fn forget_web(step: &mut Step<'_>, web: WebId) -> Result<(), StoreError> {
    macro_rules! clear {
        ($($table:ident),*) => {$(
            let keys: Vec<_> = $table.within(step.view(), &web).map(|row| row.map(|(key, _)| key)).collect::<Result<_, _>>()?;
            for key in &keys {
                $table.delete(step.rows(), key);
            }
        )*};
    }
    clear!(SAID, DOING, STATES, LOG, KNOWN);
    let told: Vec<u64> = NOTICES
        .all(step.view())
        .filter_map(|row| row.map(|(number, row)| (row.web == web).then_some(number)).transpose())
        .collect::<Result<_, _>>()?;
    for number in &told {
        NOTICES.delete(step.rows(), number);
    }
    Ok(())
}
