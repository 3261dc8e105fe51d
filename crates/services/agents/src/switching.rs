//! Stopping and starting agents: for a web by its admins, on one computer by whoever has it (spec agents, rules 5 and 20).

use api::agents::{AgentSwitch, StartAgent, StopAgent, SwitchAgents};
use base::Fault;
use kernel::{AskId, Step};

use crate::faults::AgentError;
use crate::reading::{self, named};
use crate::service::Agents;
use crate::standing;
use crate::tables::{DOING, OFF, SAID};

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
            DOING.put(step.rows(), &key, &doing);
            self.settle(step, key.0)?;
            reading::tell_changed(step, &key)?;
        } else {
            // What was admitted last, by whomever, if nobody else but a person who may says so.
            let mut last = None;
            for row in SAID.within(step.view(), &key) {
                let said = row?.1;
                if last.as_ref().is_none_or(|(at, _)| said.at > *at) && said.last.is_some() {
                    last = Some((said.at, said.last));
                }
            }
            let admission = last.and_then(|(_, admission)| admission);
            let admission =
                admission.ok_or_else(|| AgentError::NothingToStart { name: key.1.to_string() })?;
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
            DOING.put(step.rows(), &key, &doing);
            self.settle(step, key.0)?;
            reading::tell_changed(step, &key)?;
        } else {
            match is_off {
                true => OFF.put(step.rows(), &(), &()),
                false => OFF.delete(step.rows(), &()),
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
