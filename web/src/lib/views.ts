// The types the page uses, out of the generated client; only the table of operations is given a shorter form.
export type {
  AuditView, Disposition, EntryDetail, EntryKind, EntryView, Event, Fault, Freshness, Invitation, InvitationView,
  Invitations, Joining, Me, MemberView, RevisionView, Role, ShareView, Show, Status, TransferState, TransferView, View,
  HolderView, Listing, WaitingView, WebView, Found, Hit, KeptView, Net, ComputerView, Connection, ExportForm, InvitedView, NewsView, Safety, Serve, Served, Devices, DeviceView, DeviceLink, Words, DismissalView, CutOff,
  FolderView, MailLine, ComingMail, DraftView, MailView, AddressView, PartUrl, TakenFile,
  GuardView, GuardedWeb, ComputerHealth, Suspect, LevelWord, FindingView, WarningView, ReleaseView, Checked, GuardEntry, RuleSet, OddView,
  Admit, AgentAction, AgentRun, Agents, AgentView, NoticeView, TryAgent,
  TunnelView, TunnelUse, OfferTunnel, RoomView, InboxEntry, MessageView, Messages, ReactionView, FoundMessage, WhoView, TalkSettings,
  JobView, JobLine, WorkerView, UnitView, TroubleView, Trust, Mode, ComputeHere, LimitsView, SetLimits, Capacity, Given, Evidence, CaseView, Map as MapArguments,
} from './api.gen.ts'
