//! Stopping and starting agents: for a web by its admins, on one computer by whoever has it (spec agents, rules 5 and 20).

use api::agents::{AgentSwitch, StartAgent, StopAgent, SwitchAgents};
use base::Fault;
use files::lending::{self, Wanted};
use kernel::{AskId, Step};

use crate::reading::{self, named};
use crate::service::Agents;
use crate::standing;
use crate::tables::{DOING, DoingRow, OFF};

impl Agents {
    /// Stops an agent for its web.
    pub(crate) fn stop(&mut self, step: &mut Step<'_>, ask: AskId, asked: &StopAgent) -> Result<(), Fault> {
        let key = named(step.view(), &asked.name)?;
        self.say(step, &key, None)?;
        let shown = reading::agent(step.view(), step.me(), &key, step.now())?;
        step.reply(ask, &shown);
        Ok(())
    }

    /// Starts an agent again: here, if it had failed here; for its web, if it was stopped there.
    pub(crate) fn start(&mut self, step: &mut Step<'_>, ask: AskId, asked: &StartAgent) -> Result<(), Fault> {
        let key = named(step.view(), &asked.name)?;
        if let Some(agent) = standing::agent(step.view(), step.me(), &key)? {
            let mut doing = agent.doing(step.view())?;
            (doing.faults, doing.halted, doing.is_off, doing.rests_until) = (0, None, false, 0);
            doing.from = kernel::last_event(step.view())?;
            DOING.put(step.rows(), &key, &doing);
            self.settle(step, key.0)?;
            reading::tell_changed(step, &key)?;
        } else {
            // What is shown, and nothing else.
            let (_, said, admission) = reading::shown_word(step.view(), &key)?;
            let (content, size, from) = (admission.program, admission.size, Some(said.device));
            if files::own_source(step.view(), content)?.is_none() {
                lending::bring(step, key.0, vec![Wanted { content, size, from }]);
            }
            self.say(step, &key, Some(admission))?;
        }
        let shown = reading::agent(step.view(), step.me(), &key, step.now())?;
        step.reply(ask, &shown);
        Ok(())
    }

    /// Switches all agents of this computer on or off, or one.
    pub(crate) fn switch(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        asked: &SwitchAgents,
    ) -> Result<(), Fault> {
        let is_off = asked.state == AgentSwitch::Off;
        if let Some(name) = &asked.name {
            let key = named(step.view(), name)?;
            let mut doing = DOING.get(step.view(), &key)?.unwrap_or_default();
            doing.is_off = is_off;
            doing.from = kernel::last_event(step.view())?;
            DOING.put(step.rows(), &key, &doing);
            self.settle(step, key.0)?;
            reading::tell_changed(step, &key)?;
        } else {
            match is_off {
                true => OFF.put(step.rows(), &(), &()),
                false => OFF.delete(step.rows(), &()),
            }
            let from = kernel::last_event(step.view())?;
            for key in standing::keys(step.view())? {
                let doing = DOING.get(step.view(), &key)?.unwrap_or_default();
                DOING.put(step.rows(), &key, &DoingRow { from, ..doing });
            }
            for web in people::read::webs(step.view())? {
                self.settle(step, web.id)?;
            }
            step.emit("agents.changed", &serde_json::json!({}));
        }
        let shown = reading::list(step.view(), step.me(), None, step.now())?;
        step.reply(ask, &shown);
        Ok(())
    }
}
