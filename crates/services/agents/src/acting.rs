//! What an agent asks for: done if it was admitted to, within its budget, and never otherwise (spec agents, rules 11 and 21).

use base::Fault;
use kernel::Step;
use serde_json::json;
use store::{Rows, StoreError};

use crate::capability::Capability;
use crate::document::{Action, shown};
use crate::standing::Agent;
use crate::tables::{ActionRow, DoingRow, NOTICES, NoticeRow};
use crate::wishes::{GuardAct, GuardWish, GuardWord};

/// Notices that are kept; the oldest go first.
const NOTICES_MAX: u64 = 1_000;

/// Bytes of an action in the log at most.
const SHOWN_SIZE_MAX: usize = 300;

/// Something that an agent asked for and may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// The person is told something.
    Notice { title: String, text: String },
    /// The guard is asked.
    Guard(GuardWord),
}

/// Does what an agent asks, or writes down why not.
pub(crate) fn act(
    step: &mut Step<'_>,
    agent: &Agent,
    doing: &mut DoingRow,
    action: Result<Action, String>,
) -> Result<ActionRow, Fault> {
    let (action, allowed) = weighed(step.view(), agent, action)?;
    let allowed = match allowed {
        Ok(allowed) => allowed,
        Err(why) => return Ok(ActionRow { action, refused: Some(why) }),
    };
    let most = agent.admission.budget.actions_per_day;
    if doing.actions >= most {
        let why = format!("its {most} actions of this day are used up");
        if doing.rests_until < doing.day_end() {
            doing.rests_until = doing.day_end();
            let title = format!("{} rests until its day is over", agent.key.1);
            tell(step, agent, (&title, &format!("It asked for more than it may: {why}.")))?;
        }
        return Ok(ActionRow { action, refused: Some(why) });
    }
    doing.actions = doing.actions.saturating_add(1);
    match allowed {
        Allowed::Notice { title, text } => tell(step, agent, (&title, &text))?,
        Allowed::Guard(word) => {
            doing.has_asked = true;
            step.tell("guard", GuardWish::Act(word).to_bytes());
        }
    }
    Ok(ActionRow { action, refused: None })
}

/// Says an action in words, and whether it is allowed; if not, why.
pub(crate) fn weighed(
    rows: &dyn Rows,
    agent: &Agent,
    action: Result<Action, String>,
) -> Result<(String, Result<Allowed, String>), StoreError> {
    let action = match action {
        Ok(action) => action,
        Err(why) => return Ok(("something".to_owned(), Err(shown(&why, SHOWN_SIZE_MAX)))),
    };
    let words = shown(&words(&action), SHOWN_SIZE_MAX);
    let needed = match &action {
        Action::Notice { .. } => Capability::Notice,
        Action::Warn { .. } => Capability::Warn,
        Action::Hold { .. } => Capability::Hold,
    };
    if !agent.admission.may(needed) {
        return Ok((words, Err("it was not admitted to do this".to_owned())));
    }
    let allowed = match action {
        Action::Notice { title, text } => Ok(Allowed::Notice { title, text }),
        Action::Warn { path, why } => wish(rows, agent, GuardAct::Warn, (&path, why))?,
        Action::Hold { path, why } => wish(rows, agent, GuardAct::Hold, (&path, why))?,
    };
    Ok((words, allowed))
}

fn words(action: &Action) -> String {
    match action {
        Action::Notice { title, .. } => format!("tell: {title}"),
        Action::Warn { path, why } => format!("warn of {path}: {why}"),
        Action::Hold { path, why } => format!("hold {path}: {why}"),
    }
}

/// Makes a wish about a file of the agent's own web, as it is now.
fn wish(
    rows: &dyn Rows,
    agent: &Agent,
    what: GuardAct,
    (path, why): (&str, String),
) -> Result<Result<Allowed, String>, StoreError> {
    let web = agent.key.0;
    let Some(file) = files::look::file_at(rows, path)?.filter(|file| file.web == web) else {
        return Ok(Err("there is no such file in its web".to_owned()));
    };
    let name = shown(path.rsplit('/').next().unwrap_or_default(), 255);
    let (content, size, agent) = (file.content, file.size, agent.key.1.to_string());
    Ok(Ok(Allowed::Guard(GuardWord { web, content, size, name, what, why, agent })))
}

/// Tells this computer's person something in the name of an agent.
pub(crate) fn tell(step: &mut Step<'_>, agent: &Agent, (title, text): (&str, &str)) -> Result<(), Fault> {
    let (web, name) = &agent.key;
    let last = NOTICES.within_back(step.view(), &()).next().transpose()?.map_or(0, |(number, _)| number);
    let number = last.saturating_add(1);
    let row = NoticeRow {
        at: step.now(),
        web: *web,
        agent: name.to_string(),
        title: title.to_owned(),
        text: text.to_owned(),
    };
    NOTICES.put(step.rows(), &number, &row);
    if let Some(old) = number.checked_sub(NOTICES_MAX) {
        NOTICES.delete(step.rows(), &old);
    }
    let label = people::read::web_label(step.view(), *web)?;
    step.emit(
        "agents.notice",
        &json!({ "web": label, "agent": format!("{label}/{name}"), "title": title, "text": text }),
    );
    Ok(())
}
