# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_althing_global_optspecs
    string join \n json home= h/help V/version
end

function __fish_althing_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_althing_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_althing_using_subcommand
    set -l cmd (__fish_althing_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c althing -n "__fish_althing_needs_command" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_needs_command" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_needs_command" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_needs_command" -s V -l version -d 'Print version'
complete -c althing -n "__fish_althing_needs_command" -f -a "start" -d 'Starts the peer of this home and runs it until it is stopped'
complete -c althing -n "__fish_althing_needs_command" -f -a "key" -d 'How this home\'s secrets are protected on the disk'
complete -c althing -n "__fish_althing_needs_command" -f -a "cat" -d 'Writes a file\'s bytes, verified, fetching what is not here'
complete -c althing -n "__fish_althing_needs_command" -f -a "recover" -d 'Makes this computer yours again: asks for your 24 recovery words, on the terminal or from a pipe'
complete -c althing -n "__fish_althing_needs_command" -f -a "log-export" -d 'Writes the log of a web for other programs: who did what, when, and whether it counts'
complete -c althing -n "__fish_althing_needs_command" -f -a "watch" -d 'Writes what happens, as it happens, until interrupted'
complete -c althing -n "__fish_althing_needs_command" -f -a "config" -d 'Settings'
complete -c althing -n "__fish_althing_needs_command" -f -a "completions" -d 'Writes completions for a shell'
complete -c althing -n "__fish_althing_needs_command" -f -a "commands" -d 'Writes the manual of all commands, as Markdown'
complete -c althing -n "__fish_althing_needs_command" -f -a "faults" -d 'Writes all faults a person can meet, as Markdown'
complete -c althing -n "__fish_althing_needs_command" -f -a "exit-codes" -d 'Explains the exit codes'
complete -c althing -n "__fish_althing_needs_command" -f -a "me" -d 'Shows who you are on this computer'
complete -c althing -n "__fish_althing_needs_command" -f -a "web" -d 'More: althing help web'
complete -c althing -n "__fish_althing_needs_command" -f -a "invite" -d 'Makes an invitation to paste or to show as QR code'
complete -c althing -n "__fish_althing_needs_command" -f -a "invitations" -d 'Lists the invitations of a web and who waits for approval'
complete -c althing -n "__fish_althing_needs_command" -f -a "revoke" -d 'Ends an invitation'
complete -c althing -n "__fish_althing_needs_command" -f -a "accept" -d 'Admits a person who waits for approval'
complete -c althing -n "__fish_althing_needs_command" -f -a "people" -d 'Lists the people of a web'
complete -c althing -n "__fish_althing_needs_command" -f -a "role" -d 'Changes what a person may do in a web'
complete -c althing -n "__fish_althing_needs_command" -f -a "hand-over" -d 'Makes another person owner of a web in your place; you become admin'
complete -c althing -n "__fish_althing_needs_command" -f -a "remove" -d 'Removes a person; from now on nothing new reaches them'
complete -c althing -n "__fish_althing_needs_command" -f -a "serve" -d 'Makes this computer serve a web: as relay, as mirror, or as broker for those who are away'
complete -c althing -n "__fish_althing_needs_command" -f -a "device" -d 'More: althing help device'
complete -c althing -n "__fish_althing_needs_command" -f -a "address" -d 'Shows where you and members of your webs are found: for coming back with recovery words'
complete -c althing -n "__fish_althing_needs_command" -f -a "log" -d 'Lists every act that changed who belongs to a web'
complete -c althing -n "__fish_althing_needs_command" -f -a "name" -d 'Gives a person your own name for it, which only you see'
complete -c althing -n "__fish_althing_needs_command" -f -a "safety" -d 'Shows the safety code of you and a person, for comparing'
complete -c althing -n "__fish_althing_needs_command" -f -a "verify" -d 'Says that you have compared safety codes with a person'
complete -c althing -n "__fish_althing_needs_command" -f -a "news" -d 'Lists changes of names and computers of people that you should know of'
complete -c althing -n "__fish_althing_needs_command" -f -a "invited" -d 'Lists webs to which people you know invite you'
complete -c althing -n "__fish_althing_needs_command" -f -a "dismiss" -d 'Signs that a person is removed whom you cannot remove alone, an owner, say; it is done when enough admins have signed'
complete -c althing -n "__fish_althing_needs_command" -f -a "same-person" -d 'Signs that a newcomer is somebody who has lost all devices and words; role and rank go over when enough admins have signed'
complete -c althing -n "__fish_althing_needs_command" -f -a "dismissals" -d 'Lists what admins are asked to sign together, and how many signatures are missing'
complete -c althing -n "__fish_althing_needs_command" -f -a "cut-off" -d 'Lists what a removal cut off: admissions and acts of who was removed, dated after what its remover knew. Files shared above the cut are erased and can\'t be brought back'
complete -c althing -n "__fish_althing_needs_command" -f -a "restore" -d 'Does again in your name what a removal cut off: invites who fell out, gives the role, admits, removes'
complete -c althing -n "__fish_althing_needs_command" -f -a "share" -d 'Shares a folder of this computer with a web; nothing is copied'
complete -c althing -n "__fish_althing_needs_command" -f -a "shares" -d 'Lists what you share and how far the reading is'
complete -c althing -n "__fish_althing_needs_command" -f -a "unshare" -d 'Stops sharing a folder; the folder itself stays as it is'
complete -c althing -n "__fish_althing_needs_command" -f -a "guard" -d 'More: althing help guard'
complete -c althing -n "__fish_althing_needs_command" -f -a "ls" -d 'Lists a folder of the tree web/person/share/path'
complete -c althing -n "__fish_althing_needs_command" -f -a "about" -d 'Shows who has a file, how fresh it is, and its newest revision'
complete -c althing -n "__fish_althing_needs_command" -f -a "history" -d 'Lists the revisions of a file with author and time'
complete -c althing -n "__fish_althing_needs_command" -f -a "get" -d 'Brings the newest revision of a file or a whole folder to this computer'
complete -c althing -n "__fish_althing_needs_command" -f -a "transfers" -d 'Lists transfers, newest first'
complete -c althing -n "__fish_althing_needs_command" -f -a "transfer" -d 'Shows how one transfer gets on'
complete -c althing -n "__fish_althing_needs_command" -f -a "pause" -d 'Pauses a transfer'
complete -c althing -n "__fish_althing_needs_command" -f -a "resume" -d 'Goes on with a transfer where it stopped'
complete -c althing -n "__fish_althing_needs_command" -f -a "cancel" -d 'Cancels a transfer; what has arrived of unfinished files is given up'
complete -c althing -n "__fish_althing_needs_command" -f -a "mirror" -d 'Shows which computers keep sealed copies of a web\'s files, and how many files are there'
complete -c althing -n "__fish_althing_needs_command" -f -a "find" -d 'Finds files by their names and by what is in them, at everybody who is there; newest revisions only'
complete -c althing -n "__fish_althing_needs_command" -f -a "keep" -d 'Keeps a search: it rings when something new or newer matches'
complete -c althing -n "__fish_althing_needs_command" -f -a "kept" -d 'Lists kept searches and what they rang for'
complete -c althing -n "__fish_althing_needs_command" -f -a "drop" -d 'Drops a kept search'
complete -c althing -n "__fish_althing_needs_command" -f -a "link" -d 'Makes a link to a file, a folder, a person or a web: it goes on leading there when that is renamed, moved or changed'
complete -c althing -n "__fish_althing_needs_command" -f -a "follow" -d 'Shows what a link leads to, how fresh that is, and if it leads nowhere, why'
complete -c althing -n "__fish_althing_needs_command" -f -a "backlinks" -d 'Lists what links to something: documents and pages of everybody'
complete -c althing -n "__fish_althing_needs_command" -f -a "page" -d 'Makes a link that opens the page in a browser; good once, for 30 seconds'
complete -c althing -n "__fish_althing_needs_command" -f -a "doc" -d 'More: althing help doc'
complete -c althing -n "__fish_althing_needs_command" -f -a "new" -d 'Lists what is new in your webs: documents, sites, files, links to what is yours'
complete -c althing -n "__fish_althing_needs_command" -f -a "inbox" -d 'Lists what is new for you: unread conversations, messages that name you, and mail not read'
complete -c althing -n "__fish_althing_needs_command" -f -a "room" -d 'More: althing help room'
complete -c althing -n "__fish_althing_needs_command" -f -a "direct" -d 'Finds or begins the direct conversation with one or several persons; nobody else can read it'
complete -c althing -n "__fish_althing_needs_command" -f -a "say" -d 'Says something in a room or direct conversation'
complete -c althing -n "__fish_althing_needs_command" -f -a "mail" -d 'More: althing help mail'
complete -c althing -n "__fish_althing_needs_command" -f -a "ledger" -d 'More: althing help ledger'
complete -c althing -n "__fish_althing_needs_command" -f -a "map" -d 'Runs a program over shared files, or over numbers, on idle computers of a web'
complete -c althing -n "__fish_althing_needs_command" -f -a "chain" -d 'Runs several programs one after the other, as a small TOML file says'
complete -c althing -n "__fish_althing_needs_command" -f -a "jobs" -d 'More: althing help jobs'
complete -c althing -n "__fish_althing_needs_command" -f -a "compute" -d 'More: althing help compute'
complete -c althing -n "__fish_althing_needs_command" -f -a "tunnel" -d 'More: althing help tunnel'
complete -c althing -n "__fish_althing_needs_command" -f -a "agent" -d 'More: althing help agent'
complete -c althing -n "__fish_althing_needs_command" -f -a "status" -d 'Shows how this peer is'
complete -c althing -n "__fish_althing_needs_command" -f -a "net" -d 'Shows your webs\' computers: how you are connected with each, and why not'
complete -c althing -n "__fish_althing_needs_command" -f -a "show" -d 'Shows what a link leads to: lines of a text, cells of a table, a page, hits of a query'
complete -c althing -n "__fish_althing_needs_command" -f -a "export" -d 'Writes all signed entries of a web into a folder, for reading by other programs'
complete -c althing -n "__fish_althing_needs_command" -f -a "stop" -d 'Stops this peer'
complete -c althing -n "__fish_althing_needs_command" -f -a "words" -d 'More: althing help words'
complete -c althing -n "__fish_althing_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand start" -l port -d 'The page\'s port, for this run; 0 is any free one' -r
complete -c althing -n "__fish_althing_using_subcommand start" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand start" -l open -d 'Opens the page in the browser'
complete -c althing -n "__fish_althing_using_subcommand start" -l same-computer -d 'Says of a home that looks like a copy: it is the only one, moved or restored'
complete -c althing -n "__fish_althing_using_subcommand start" -l new-device -d 'Makes of a home that is a copy a new computer: new keys, the contents, nothing else'
complete -c althing -n "__fish_althing_using_subcommand start" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand start" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand key; and not __fish_seen_subcommand_from status passphrase keyring help" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand key; and not __fish_seen_subcommand_from status passphrase keyring help" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand key; and not __fish_seen_subcommand_from status passphrase keyring help" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand key; and not __fish_seen_subcommand_from status passphrase keyring help" -f -a "status" -d 'Says where the secrets are and how they are protected'
complete -c althing -n "__fish_althing_using_subcommand key; and not __fish_seen_subcommand_from status passphrase keyring help" -f -a "passphrase" -d 'Seals the secrets under a passphrase, asked for now and at each start'
complete -c althing -n "__fish_althing_using_subcommand key; and not __fish_seen_subcommand_from status passphrase keyring help" -f -a "keyring" -d 'Seals the secrets under a key in the system\'s keyring, which opens at log-in'
complete -c althing -n "__fish_althing_using_subcommand key; and not __fish_seen_subcommand_from status passphrase keyring help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand key; and __fish_seen_subcommand_from status" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand key; and __fish_seen_subcommand_from status" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand key; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand key; and __fish_seen_subcommand_from passphrase" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand key; and __fish_seen_subcommand_from passphrase" -l remove -d 'Seals them no more: then the file\'s rights alone protect them'
complete -c althing -n "__fish_althing_using_subcommand key; and __fish_seen_subcommand_from passphrase" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand key; and __fish_seen_subcommand_from passphrase" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand key; and __fish_seen_subcommand_from keyring" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand key; and __fish_seen_subcommand_from keyring" -l remove -d 'Seals them no more: then the file\'s rights alone protect them'
complete -c althing -n "__fish_althing_using_subcommand key; and __fish_seen_subcommand_from keyring" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand key; and __fish_seen_subcommand_from keyring" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "status" -d 'Says where the secrets are and how they are protected'
complete -c althing -n "__fish_althing_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "passphrase" -d 'Seals the secrets under a passphrase, asked for now and at each start'
complete -c althing -n "__fish_althing_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "keyring" -d 'Seals the secrets under a key in the system\'s keyring, which opens at log-in'
complete -c althing -n "__fish_althing_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand cat" -l revision -d 'Which revision; the newest if not said' -r
complete -c althing -n "__fish_althing_using_subcommand cat" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand cat" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand cat" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand recover" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand recover" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand recover" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand log-export" -l form -d 'A table for spreadsheets, or one JSON object a line' -r -f -a "csv\t''
jsonl\t''"
complete -c althing -n "__fish_althing_using_subcommand log-export" -l to -d 'A file that does not exist yet; standard output if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand log-export" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand log-export" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand log-export" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand watch" -l after -d 'Begins after the event of this number; with what happens next if not said' -r
complete -c althing -n "__fish_althing_using_subcommand watch" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand watch" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand watch" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand config; and not __fish_seen_subcommand_from show help" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand config; and not __fish_seen_subcommand_from show help" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand config; and not __fish_seen_subcommand_from show help" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand config; and not __fish_seen_subcommand_from show help" -f -a "show" -d 'Shows every setting, its value and where it comes from'
complete -c althing -n "__fish_althing_using_subcommand config; and not __fish_seen_subcommand_from show help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand config; and __fish_seen_subcommand_from show" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand config; and __fish_seen_subcommand_from show" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "show" -d 'Shows every setting, its value and where it comes from'
complete -c althing -n "__fish_althing_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand completions" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand completions" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand completions" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand commands" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand commands" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand commands" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand faults" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand faults" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand faults" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand exit-codes" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand exit-codes" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand exit-codes" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c althing -n "__fish_althing_using_subcommand me; and not __fish_seen_subcommand_from set help" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand me; and not __fish_seen_subcommand_from set help" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand me; and not __fish_seen_subcommand_from set help" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand me; and not __fish_seen_subcommand_from set help" -f -a "set" -d 'Says by which name others meet you'
complete -c althing -n "__fish_althing_using_subcommand me; and not __fish_seen_subcommand_from set help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand me; and __fish_seen_subcommand_from set" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand me; and __fish_seen_subcommand_from set" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand me; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand me; and __fish_seen_subcommand_from help" -f -a "set" -d 'Says by which name others meet you'
complete -c althing -n "__fish_althing_using_subcommand me; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand web; and not __fish_seen_subcommand_from start list join leave with enter decline dissolve help" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand web; and not __fish_seen_subcommand_from start list join leave with enter decline dissolve help" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand web; and not __fish_seen_subcommand_from start list join leave with enter decline dissolve help" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand web; and not __fish_seen_subcommand_from start list join leave with enter decline dissolve help" -f -a "start" -d 'Starts a web; you are its owner'
complete -c althing -n "__fish_althing_using_subcommand web; and not __fish_seen_subcommand_from start list join leave with enter decline dissolve help" -f -a "list" -d 'Lists your webs'
complete -c althing -n "__fish_althing_using_subcommand web; and not __fish_seen_subcommand_from start list join leave with enter decline dissolve help" -f -a "join" -d 'Joins a web by an invitation'
complete -c althing -n "__fish_althing_using_subcommand web; and not __fish_seen_subcommand_from start list join leave with enter decline dissolve help" -f -a "leave" -d 'Leaves a web; what you kept stays on this computer'
complete -c althing -n "__fish_althing_using_subcommand web; and not __fish_seen_subcommand_from start list join leave with enter decline dissolve help" -f -a "with" -d 'Starts a web with people you know; each gets an invitation, sealed to that person'
complete -c althing -n "__fish_althing_using_subcommand web; and not __fish_seen_subcommand_from start list join leave with enter decline dissolve help" -f -a "enter" -d 'Joins a web to which a person you know invites you'
complete -c althing -n "__fish_althing_using_subcommand web; and not __fish_seen_subcommand_from start list join leave with enter decline dissolve help" -f -a "decline" -d 'Takes an invitation by a person you know off the list'
complete -c althing -n "__fish_althing_using_subcommand web; and not __fish_seen_subcommand_from start list join leave with enter decline dissolve help" -f -a "dissolve" -d 'Ends a web of yours: removes everybody and leaves'
complete -c althing -n "__fish_althing_using_subcommand web; and not __fish_seen_subcommand_from start list join leave with enter decline dissolve help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from start" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from start" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from start" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from list" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from list" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from join" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from join" -l no-wait -d 'Does not wait until it is done'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from join" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from join" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from leave" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from leave" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from leave" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from with" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from with" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from with" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from enter" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from enter" -l no-wait -d 'Does not wait until it is done'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from enter" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from enter" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from decline" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from decline" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from decline" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from dissolve" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from dissolve" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from dissolve" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from help" -f -a "start" -d 'Starts a web; you are its owner'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from help" -f -a "list" -d 'Lists your webs'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from help" -f -a "join" -d 'Joins a web by an invitation'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from help" -f -a "leave" -d 'Leaves a web; what you kept stays on this computer'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from help" -f -a "with" -d 'Starts a web with people you know; each gets an invitation, sealed to that person'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from help" -f -a "enter" -d 'Joins a web to which a person you know invites you'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from help" -f -a "decline" -d 'Takes an invitation by a person you know off the list'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from help" -f -a "dissolve" -d 'Ends a web of yours: removes everybody and leaves'
complete -c althing -n "__fish_althing_using_subcommand web; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand invite" -l role -d 'The role a joiner gets; member if not said' -r -f -a "carrier\t'Carries sealed things for the others and reads nothing.'
guest\t'Reads everything and shares nothing.'
member\t'Reads everything, shares and writes.'
admin\t'Invites, and removes those it outranks.'
owner\t'Grants admin.'"
complete -c althing -n "__fish_althing_using_subcommand invite" -l uses -d 'How many persons may join by it, 1 to 10,000; 1 if not said' -r
complete -c althing -n "__fish_althing_using_subcommand invite" -l hours -d 'How many hours it is good for, 1 to 8,760; 168 (a week) if not said' -r
complete -c althing -n "__fish_althing_using_subcommand invite" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand invite" -l approve -d 'Whether an admin has to accept each join'
complete -c althing -n "__fish_althing_using_subcommand invite" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand invite" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c althing -n "__fish_althing_using_subcommand invitations" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand invitations" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand invitations" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand revoke" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand revoke" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand revoke" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand accept" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand accept" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand accept" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand people" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand people" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand people" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand role" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand role" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand role" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c althing -n "__fish_althing_using_subcommand hand-over" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand hand-over" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand hand-over" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand remove" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand remove" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand remove" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand serve" -l mirror -d 'Keeps sealed copies and encrypted records for those who are never here together: so many bytes at most' -r
complete -c althing -n "__fish_althing_using_subcommand serve" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand serve" -l relay -d 'Carries connections between members who can\'t reach each other directly'
complete -c althing -n "__fish_althing_using_subcommand serve" -l broker -d 'Indexes everything and answers for those who are away. Takes a member; a carrier can\'t read'
complete -c althing -n "__fish_althing_using_subcommand serve" -l stop -d 'Ends what this computer does for the web'
complete -c althing -n "__fish_althing_using_subcommand serve" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand serve" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand device; and not __fish_seen_subcommand_from add join list revoke name help" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand device; and not __fish_seen_subcommand_from add join list revoke name help" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand device; and not __fish_seen_subcommand_from add join list revoke name help" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand device; and not __fish_seen_subcommand_from add join list revoke name help" -f -a "add" -d 'Makes a link by which another computer becomes yours'
complete -c althing -n "__fish_althing_using_subcommand device; and not __fish_seen_subcommand_from add join list revoke name help" -f -a "join" -d 'Makes this computer, by a link from another one, that person\'s'
complete -c althing -n "__fish_althing_using_subcommand device; and not __fish_seen_subcommand_from add join list revoke name help" -f -a "list" -d 'Lists your computers'
complete -c althing -n "__fish_althing_using_subcommand device; and not __fish_seen_subcommand_from add join list revoke name help" -f -a "revoke" -d 'Ends a computer of yours, lost or stolen, in all webs'
complete -c althing -n "__fish_althing_using_subcommand device; and not __fish_seen_subcommand_from add join list revoke name help" -f -a "name" -d 'Says what you call this computer'
complete -c althing -n "__fish_althing_using_subcommand device; and not __fish_seen_subcommand_from add join list revoke name help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand device; and __fish_seen_subcommand_from add" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand device; and __fish_seen_subcommand_from add" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand device; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand device; and __fish_seen_subcommand_from join" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand device; and __fish_seen_subcommand_from join" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand device; and __fish_seen_subcommand_from join" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand device; and __fish_seen_subcommand_from list" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand device; and __fish_seen_subcommand_from list" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand device; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand device; and __fish_seen_subcommand_from revoke" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand device; and __fish_seen_subcommand_from revoke" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand device; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand device; and __fish_seen_subcommand_from name" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand device; and __fish_seen_subcommand_from name" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand device; and __fish_seen_subcommand_from name" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand device; and __fish_seen_subcommand_from help" -f -a "add" -d 'Makes a link by which another computer becomes yours'
complete -c althing -n "__fish_althing_using_subcommand device; and __fish_seen_subcommand_from help" -f -a "join" -d 'Makes this computer, by a link from another one, that person\'s'
complete -c althing -n "__fish_althing_using_subcommand device; and __fish_seen_subcommand_from help" -f -a "list" -d 'Lists your computers'
complete -c althing -n "__fish_althing_using_subcommand device; and __fish_seen_subcommand_from help" -f -a "revoke" -d 'Ends a computer of yours, lost or stolen, in all webs'
complete -c althing -n "__fish_althing_using_subcommand device; and __fish_seen_subcommand_from help" -f -a "name" -d 'Says what you call this computer'
complete -c althing -n "__fish_althing_using_subcommand device; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand address" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand address" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand address" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand log" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand log" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand log" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand name" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand name" -l clear -d 'Takes your name for it away: it is called again as it calls itself'
complete -c althing -n "__fish_althing_using_subcommand name" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand name" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand safety" -l web -d 'A web that the person belongs to; any common one if not said' -r
complete -c althing -n "__fish_althing_using_subcommand safety" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand safety" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand safety" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand verify" -l web -d 'A web that the person belongs to; any common one if not said' -r
complete -c althing -n "__fish_althing_using_subcommand verify" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand verify" -l matches -d 'Says that you have compared the digits yourself and that all are the same'
complete -c althing -n "__fish_althing_using_subcommand verify" -l undo -d 'Takes the mark away: the person is not verified any more'
complete -c althing -n "__fish_althing_using_subcommand verify" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand verify" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand news" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand news" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand news" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand invited" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand invited" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand invited" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand dismiss" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand dismiss" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand dismiss" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand same-person" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand same-person" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand same-person" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand dismissals" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand dismissals" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand dismissals" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand cut-off" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand cut-off" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand cut-off" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand restore" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand restore" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand restore" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand share" -l name -d 'What the share is called; the folder\'s own name if not said' -r
complete -c althing -n "__fish_althing_using_subcommand share" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand share" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand share" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand shares" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand shares" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand shares" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand unshare" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand unshare" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand unshare" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand guard; and not __fish_seen_subcommand_from go-on canary status list show log check warn release switch odd rules add-rules drop-rules officer help" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand guard; and not __fish_seen_subcommand_from go-on canary status list show log check warn release switch odd rules add-rules drop-rules officer help" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand guard; and not __fish_seen_subcommand_from go-on canary status list show log check warn release switch odd rules add-rules drop-rules officer help" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand guard; and not __fish_seen_subcommand_from go-on canary status list show log check warn release switch odd rules add-rules drop-rules officer help" -f -a "go-on" -d 'Goes on with a share that was stopped because much of it changed at once: it was meant'
complete -c althing -n "__fish_althing_using_subcommand guard; and not __fish_seen_subcommand_from go-on canary status list show log check warn release switch odd rules add-rules drop-rules officer help" -f -a "canary" -d 'Makes a file of your share a canary: when anything touches it, the share is stopped at once'
complete -c althing -n "__fish_althing_using_subcommand guard; and not __fish_seen_subcommand_from go-on canary status list show log check warn release switch odd rules add-rules drop-rules officer help" -f -a "status" -d 'Shows how well this computer and a web are protected'
complete -c althing -n "__fish_althing_using_subcommand guard; and not __fish_seen_subcommand_from go-on canary status list show log check warn release switch odd rules add-rules drop-rules officer help" -f -a "list" -d 'Lists what is held here or warned of, with the reason'
complete -c althing -n "__fish_althing_using_subcommand guard; and not __fish_seen_subcommand_from go-on canary status list show log check warn release switch odd rules add-rules drop-rules officer help" -f -a "show" -d 'Shows what speaks against a file, who says so, and where it is'
complete -c althing -n "__fish_althing_using_subcommand guard; and not __fish_seen_subcommand_from go-on canary status list show log check warn release switch odd rules add-rules drop-rules officer help" -f -a "log" -d 'Shows what the guard did and heard, newest first'
complete -c althing -n "__fish_althing_using_subcommand guard; and not __fish_seen_subcommand_from go-on canary status list show log check warn release switch odd rules add-rules drop-rules officer help" -f -a "check" -d 'Looks through a file, a folder or a share again, as far as it is on this computer'
complete -c althing -n "__fish_althing_using_subcommand guard; and not __fish_seen_subcommand_from go-on canary status list show log check warn release switch odd rules add-rules drop-rules officer help" -f -a "warn" -d 'Warns everybody in a web of a file'
complete -c althing -n "__fish_althing_using_subcommand guard; and not __fish_seen_subcommand_from go-on canary status list show log check warn release switch odd rules add-rules drop-rules officer help" -f -a "release" -d 'Opens what is held or warned of all the same: on this computer, or for the whole web'
complete -c althing -n "__fish_althing_using_subcommand guard; and not __fish_seen_subcommand_from go-on canary status list show log check warn release switch odd rules add-rules drop-rules officer help" -f -a "switch" -d 'Switches the guard of this computer on or off'
complete -c althing -n "__fish_althing_using_subcommand guard; and not __fish_seen_subcommand_from go-on canary status list show log check warn release switch odd rules add-rules drop-rules officer help" -f -a "odd" -d 'Lists who did what no honest program does, as all computers of a web have seen it together'
complete -c althing -n "__fish_althing_using_subcommand guard; and not __fish_seen_subcommand_from go-on canary status list show log check warn release switch odd rules add-rules drop-rules officer help" -f -a "rules" -d 'Lists the sets of rules that are looked with'
complete -c althing -n "__fish_althing_using_subcommand guard; and not __fish_seen_subcommand_from go-on canary status list show log check warn release switch odd rules add-rules drop-rules officer help" -f -a "add-rules" -d 'Offers a file of a web as a set of YARA rules: in force if you protect that web, else it only observes'
complete -c althing -n "__fish_althing_using_subcommand guard; and not __fish_seen_subcommand_from go-on canary status list show log check warn release switch odd rules add-rules drop-rules officer help" -f -a "drop-rules" -d 'Takes back a set of rules that you offered'
complete -c althing -n "__fish_althing_using_subcommand guard; and not __fish_seen_subcommand_from go-on canary status list show log check warn release switch odd rules add-rules drop-rules officer help" -f -a "officer" -d 'Gives a person the task of protecting a web, or takes it back'
complete -c althing -n "__fish_althing_using_subcommand guard; and not __fish_seen_subcommand_from go-on canary status list show log check warn release switch odd rules add-rules drop-rules officer help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from go-on" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from go-on" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from go-on" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from canary" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from canary" -l no-longer -d 'Makes it an ordinary file again'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from canary" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from canary" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from status" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from status" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from list" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from list" -l all -d 'Also what only observing rules were met in, and what was released'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from list" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from show" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from show" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from log" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from log" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from log" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from check" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from check" -l new-only -d 'Only what was not looked through yet'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from check" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from warn" -l note -d 'Why, in a sentence of up to 200 bytes' -r
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from warn" -l web -d 'The web, if it is not said by the path' -r
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from warn" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from warn" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from warn" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from release" -l note -d 'Why, in a sentence of up to 200 bytes' -r
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from release" -l web -d 'The web, if it is not said by the path' -r
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from release" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from release" -l for-web -d 'For everybody in the web, if you protect it; else those who do are asked to'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from release" -l no-longer -d 'Take it back that it may be opened on this computer'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from release" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from release" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from switch" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from switch" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from switch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from odd" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from odd" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from odd" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from rules" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from rules" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from rules" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from add-rules" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from add-rules" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from add-rules" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from drop-rules" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from drop-rules" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from drop-rules" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from officer" -l web -d 'The web; the only one you are in if not said' -r
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from officer" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from officer" -l no-longer -d 'Takes the task back'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from officer" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from officer" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from help" -f -a "go-on" -d 'Goes on with a share that was stopped because much of it changed at once: it was meant'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from help" -f -a "canary" -d 'Makes a file of your share a canary: when anything touches it, the share is stopped at once'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from help" -f -a "status" -d 'Shows how well this computer and a web are protected'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from help" -f -a "list" -d 'Lists what is held here or warned of, with the reason'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from help" -f -a "show" -d 'Shows what speaks against a file, who says so, and where it is'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from help" -f -a "log" -d 'Shows what the guard did and heard, newest first'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from help" -f -a "check" -d 'Looks through a file, a folder or a share again, as far as it is on this computer'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from help" -f -a "warn" -d 'Warns everybody in a web of a file'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from help" -f -a "release" -d 'Opens what is held or warned of all the same: on this computer, or for the whole web'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from help" -f -a "switch" -d 'Switches the guard of this computer on or off'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from help" -f -a "odd" -d 'Lists who did what no honest program does, as all computers of a web have seen it together'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from help" -f -a "rules" -d 'Lists the sets of rules that are looked with'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from help" -f -a "add-rules" -d 'Offers a file of a web as a set of YARA rules: in force if you protect that web, else it only observes'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from help" -f -a "drop-rules" -d 'Takes back a set of rules that you offered'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from help" -f -a "officer" -d 'Gives a person the task of protecting a web, or takes it back'
complete -c althing -n "__fish_althing_using_subcommand guard; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand ls" -l after -d 'Goes on after the entry of this name' -r
complete -c althing -n "__fish_althing_using_subcommand ls" -l limit -d 'Entries at most, 1 to 10,000; 1,000 if not said' -r
complete -c althing -n "__fish_althing_using_subcommand ls" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand ls" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand ls" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand about" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand about" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand about" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand history" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand history" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand history" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand get" -l to -d 'Also saves a plain copy into this folder of the peer\'s computer' -r -F
complete -c althing -n "__fish_althing_using_subcommand get" -l revision -d 'Which revision; the newest if not said. For files only' -r
complete -c althing -n "__fish_althing_using_subcommand get" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand get" -l no-wait -d 'Does not wait until it is done'
complete -c althing -n "__fish_althing_using_subcommand get" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand get" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand transfers" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand transfers" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand transfers" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand transfer" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand transfer" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand transfer" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand pause" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand pause" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand pause" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand resume" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand resume" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand resume" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand cancel" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand cancel" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand cancel" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand mirror" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand mirror" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand mirror" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand find" -l web -d 'Only in this web' -r
complete -c althing -n "__fish_althing_using_subcommand find" -l person -d 'Only what this person shares' -r
complete -c althing -n "__fish_althing_using_subcommand find" -l below -d 'Only below this path, as in `family/alice/plans`' -r
complete -c althing -n "__fish_althing_using_subcommand find" -l kind -d 'Only `folders`, `documents`, `pictures`, `audio`, `video`, `code`, or an ending such as `pdf`' -r
complete -c althing -n "__fish_althing_using_subcommand find" -l days -d 'Only what changed in so many days' -r
complete -c althing -n "__fish_althing_using_subcommand find" -l size-min -d 'Only files of at least so many bytes' -r
complete -c althing -n "__fish_althing_using_subcommand find" -l size-max -d 'Only files of at most so many bytes' -r
complete -c althing -n "__fish_althing_using_subcommand find" -l limit -d 'Hits at most, 1 to 1,000; 50 if not said' -r
complete -c althing -n "__fish_althing_using_subcommand find" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand find" -l here -d 'Only what is on this computer; nobody is asked'
complete -c althing -n "__fish_althing_using_subcommand find" -l names -d 'Only names; nobody is asked, and the last word may be unfinished'
complete -c althing -n "__fish_althing_using_subcommand find" -l no-wait -d 'Does not wait until it is done'
complete -c althing -n "__fish_althing_using_subcommand find" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand find" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand keep" -l web -d 'Only in this web' -r
complete -c althing -n "__fish_althing_using_subcommand keep" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand keep" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand keep" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand kept" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand kept" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand kept" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand drop" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand drop" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand drop" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand link" -l part -d 'A range: `lines=3-9`, `section=Title`, `page=2`, `cells=Sheet1!A1:C9` or `t=10,20` (seconds)' -r
complete -c althing -n "__fish_althing_using_subcommand link" -l revision -d 'Only this revision, for ever; its newest one at each time if not said' -r
complete -c althing -n "__fish_althing_using_subcommand link" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand link" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand link" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand follow" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand follow" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand follow" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand backlinks" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand backlinks" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand backlinks" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand page; and not __fish_seen_subcommand_from publish list remove versions open help" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand page; and not __fish_seen_subcommand_from publish list remove versions open help" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand page; and not __fish_seen_subcommand_from publish list remove versions open help" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand page; and not __fish_seen_subcommand_from publish list remove versions open help" -f -a "publish" -d 'Makes a folder a site that members open in their browsers'
complete -c althing -n "__fish_althing_using_subcommand page; and not __fish_seen_subcommand_from publish list remove versions open help" -f -a "list" -d 'Lists the sites of your webs'
complete -c althing -n "__fish_althing_using_subcommand page; and not __fish_seen_subcommand_from publish list remove versions open help" -f -a "remove" -d 'Takes a site of yours away; the folder stays as it is, shared or not'
complete -c althing -n "__fish_althing_using_subcommand page; and not __fish_seen_subcommand_from publish list remove versions open help" -f -a "versions" -d 'Lists when a site changed; each version can be opened as far as somebody has its files'
complete -c althing -n "__fish_althing_using_subcommand page; and not __fish_seen_subcommand_from publish list remove versions open help" -f -a "open" -d 'Makes a link that opens a site in a browser; good once, for 30 seconds'
complete -c althing -n "__fish_althing_using_subcommand page; and not __fish_seen_subcommand_from publish list remove versions open help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand page; and __fish_seen_subcommand_from publish" -l web -d 'In which web; the one where the folder is shared, if not said. A folder that is not shared yet is shared there' -r
complete -c althing -n "__fish_althing_using_subcommand page; and __fish_seen_subcommand_from publish" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand page; and __fish_seen_subcommand_from publish" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand page; and __fish_seen_subcommand_from publish" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand page; and __fish_seen_subcommand_from list" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand page; and __fish_seen_subcommand_from list" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand page; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand page; and __fish_seen_subcommand_from remove" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand page; and __fish_seen_subcommand_from remove" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand page; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand page; and __fish_seen_subcommand_from versions" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand page; and __fish_seen_subcommand_from versions" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand page; and __fish_seen_subcommand_from versions" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand page; and __fish_seen_subcommand_from open" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand page; and __fish_seen_subcommand_from open" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand page; and __fish_seen_subcommand_from open" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand page; and __fish_seen_subcommand_from help" -f -a "publish" -d 'Makes a folder a site that members open in their browsers'
complete -c althing -n "__fish_althing_using_subcommand page; and __fish_seen_subcommand_from help" -f -a "list" -d 'Lists the sites of your webs'
complete -c althing -n "__fish_althing_using_subcommand page; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Takes a site of yours away; the folder stays as it is, shared or not'
complete -c althing -n "__fish_althing_using_subcommand page; and __fish_seen_subcommand_from help" -f -a "versions" -d 'Lists when a site changed; each version can be opened as far as somebody has its files'
complete -c althing -n "__fish_althing_using_subcommand page; and __fish_seen_subcommand_from help" -f -a "open" -d 'Makes a link that opens a site in a browser; good once, for 30 seconds'
complete -c althing -n "__fish_althing_using_subcommand page; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand doc; and not __fish_seen_subcommand_from new list show write add history restore remove bring-back export help" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand doc; and not __fish_seen_subcommand_from new list show write add history restore remove bring-back export help" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand doc; and not __fish_seen_subcommand_from new list show write add history restore remove bring-back export help" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand doc; and not __fish_seen_subcommand_from new list show write add history restore remove bring-back export help" -f -a "new" -d 'Begins a document that everybody in the web can write in'
complete -c althing -n "__fish_althing_using_subcommand doc; and not __fish_seen_subcommand_from new list show write add history restore remove bring-back export help" -f -a "list" -d 'Lists documents, last changed first'
complete -c althing -n "__fish_althing_using_subcommand doc; and not __fish_seen_subcommand_from new list show write add history restore remove bring-back export help" -f -a "show" -d 'Shows a document: its text, its components with their states, who wrote it'
complete -c althing -n "__fish_althing_using_subcommand doc; and not __fish_seen_subcommand_from new list show write add history restore remove bring-back export help" -f -a "write" -d 'Makes a document\'s text this; what others write meanwhile is kept beside'
complete -c althing -n "__fish_althing_using_subcommand doc; and not __fish_seen_subcommand_from new list show write add history restore remove bring-back export help" -f -a "add" -d 'Adds a paragraph to a document: text, or a link, which becomes a component'
complete -c althing -n "__fish_althing_using_subcommand doc; and not __fish_seen_subcommand_from new list show write add history restore remove bring-back export help" -f -a "history" -d 'Lists who changed a document when'
complete -c althing -n "__fish_althing_using_subcommand doc; and not __fish_seen_subcommand_from new list show write add history restore remove bring-back export help" -f -a "restore" -d 'Gives a document the text it had after a change; that is one more change'
complete -c althing -n "__fish_althing_using_subcommand doc; and not __fish_seen_subcommand_from new list show write add history restore remove bring-back export help" -f -a "remove" -d 'Takes a document off the list for everybody; its owner or an admin can bring it back'
complete -c althing -n "__fish_althing_using_subcommand doc; and not __fish_seen_subcommand_from new list show write add history restore remove bring-back export help" -f -a "bring-back" -d 'Brings a removed document back'
complete -c althing -n "__fish_althing_using_subcommand doc; and not __fish_seen_subcommand_from new list show write add history restore remove bring-back export help" -f -a "export" -d 'Writes a document with all its components as they are now, and a list of their sources'
complete -c althing -n "__fish_althing_using_subcommand doc; and not __fish_seen_subcommand_from new list show write add history restore remove bring-back export help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from new" -l text -d 'The text after the title, Markdown' -r
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from new" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from new" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from new" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from list" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from list" -l removed -d 'Also those that were removed'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from list" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from show" -l change -d 'As it was after this change of its history; now if not said' -r
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from show" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from show" -l who -d 'Whether to tell who wrote what'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from show" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from write" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from write" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from write" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from add" -l part -d 'With a path: which part of it, as in `cells=A1:C9`' -r
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from add" -l caption -d 'With a path: what to say about it; its name if not said' -r
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from add" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from add" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from history" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from history" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from history" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from restore" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from restore" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from remove" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from remove" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from bring-back" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from bring-back" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from bring-back" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from export" -l format -d 'The format, if the ending should not say it' -r -f -a "html\t'One file with everything in it.'
markdown\t'Markdown; tables as text.'
docx\t'For word processors.'
pdf\t'For paper.'"
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from export" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from export" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from help" -f -a "new" -d 'Begins a document that everybody in the web can write in'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from help" -f -a "list" -d 'Lists documents, last changed first'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from help" -f -a "show" -d 'Shows a document: its text, its components with their states, who wrote it'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from help" -f -a "write" -d 'Makes a document\'s text this; what others write meanwhile is kept beside'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from help" -f -a "add" -d 'Adds a paragraph to a document: text, or a link, which becomes a component'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from help" -f -a "history" -d 'Lists who changed a document when'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from help" -f -a "restore" -d 'Gives a document the text it had after a change; that is one more change'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Takes a document off the list for everybody; its owner or an admin can bring it back'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from help" -f -a "bring-back" -d 'Brings a removed document back'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from help" -f -a "export" -d 'Writes a document with all its components as they are now, and a list of their sources'
complete -c althing -n "__fish_althing_using_subcommand doc; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand new" -l limit -d 'Items at most, 1 to 1,000; 100 if not said' -r
complete -c althing -n "__fish_althing_using_subcommand new" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand new" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand new" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand inbox" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand inbox" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand inbox" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand room; and not __fish_seen_subcommand_from list new set edit delete react show thread message find read mute quiet settings who help" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand room; and not __fish_seen_subcommand_from list new set edit delete react show thread message find read mute quiet settings who help" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand room; and not __fish_seen_subcommand_from list new set edit delete react show thread message find read mute quiet settings who help" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand room; and not __fish_seen_subcommand_from list new set edit delete react show thread message find read mute quiet settings who help" -f -a "list" -d 'Lists rooms and direct conversations, newest message first'
complete -c althing -n "__fish_althing_using_subcommand room; and not __fish_seen_subcommand_from list new set edit delete react show thread message find read mute quiet settings who help" -f -a "new" -d 'Begins a room that everybody in the web can read'
complete -c althing -n "__fish_althing_using_subcommand room; and not __fish_seen_subcommand_from list new set edit delete react show thread message find read mute quiet settings who help" -f -a "set" -d 'Changes a room\'s name, topic, moderators, what newcomers see, or archives it'
complete -c althing -n "__fish_althing_using_subcommand room; and not __fish_seen_subcommand_from list new set edit delete react show thread message find read mute quiet settings who help" -f -a "edit" -d 'Says a message of yours anew; others see that it was edited'
complete -c althing -n "__fish_althing_using_subcommand room; and not __fish_seen_subcommand_from list new set edit delete react show thread message find read mute quiet settings who help" -f -a "delete" -d 'Takes a message away, for everybody: your own, or anybody\'s where you moderate'
complete -c althing -n "__fish_althing_using_subcommand room; and not __fish_seen_subcommand_from list new set edit delete react show thread message find read mute quiet settings who help" -f -a "react" -d 'Reacts to a message, or takes that back'
complete -c althing -n "__fish_althing_using_subcommand room; and not __fish_seen_subcommand_from list new set edit delete react show thread message find read mute quiet settings who help" -f -a "show" -d 'Shows messages of a conversation, the newest if nothing else is said'
complete -c althing -n "__fish_althing_using_subcommand room; and not __fish_seen_subcommand_from list new set edit delete react show thread message find read mute quiet settings who help" -f -a "thread" -d 'Shows a message and what stands under it'
complete -c althing -n "__fish_althing_using_subcommand room; and not __fish_seen_subcommand_from list new set edit delete react show thread message find read mute quiet settings who help" -f -a "message" -d 'Shows one message, and who has it'
complete -c althing -n "__fish_althing_using_subcommand room; and not __fish_seen_subcommand_from list new set edit delete react show thread message find read mute quiet settings who help" -f -a "find" -d 'Finds messages that have all the words, newest first'
complete -c althing -n "__fish_althing_using_subcommand room; and not __fish_seen_subcommand_from list new set edit delete react show thread message find read mute quiet settings who help" -f -a "read" -d 'Marks a conversation as read, on all your computers'
complete -c althing -n "__fish_althing_using_subcommand room; and not __fish_seen_subcommand_from list new set edit delete react show thread message find read mute quiet settings who help" -f -a "mute" -d 'Mutes a member in a room where you moderate: what it says from now on is not shown'
complete -c althing -n "__fish_althing_using_subcommand room; and not __fish_seen_subcommand_from list new set edit delete react show thread message find read mute quiet settings who help" -f -a "quiet" -d 'Has a conversation ring for you no more, or again'
complete -c althing -n "__fish_althing_using_subcommand room; and not __fish_seen_subcommand_from list new set edit delete react show thread message find read mute quiet settings who help" -f -a "settings" -d 'Shows or changes your settings in a web: quiet hours, and whether others learn that you have read'
complete -c althing -n "__fish_althing_using_subcommand room; and not __fish_seen_subcommand_from list new set edit delete react show thread message find read mute quiet settings who help" -f -a "who" -d 'Lists whose conversation it is, who is connected to this computer now, and when others last were'
complete -c althing -n "__fish_althing_using_subcommand room; and not __fish_seen_subcommand_from list new set edit delete react show thread message find read mute quiet settings who help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from list" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from list" -l archived -d 'Archived ones, too'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from list" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from new" -l topic -d 'What it is about' -r
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from new" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from new" -l closed-history -d 'Newcomers are not shown what was said before they came. A courtesy: their computers have the keys'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from new" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from new" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from set" -l name -d 'Another name' -r
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from set" -l topic -d 'Another topic' -r
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from set" -l moderators -d 'All who shall moderate besides who began it and the web\'s admins' -r
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from set" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from set" -l archive -d 'Archives it: it is read, and no longer written'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from set" -l bring-back -d 'Brings it back from the archive'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from set" -l open-history -d 'Newcomers are shown what was said before they came'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from set" -l closed-history -d 'Newcomers are not shown what was said before they came'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from set" -l no-moderators -d 'Nobody but those moderates any more'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from set" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from edit" -l mentions -d 'Members it names besides those in the text' -r
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from edit" -l attachments -d 'Links that come with it' -r
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from edit" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from edit" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from edit" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from delete" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from delete" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from react" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from react" -l withdraw -d 'Takes it back'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from react" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from react" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from show" -l before -d 'Those before this message' -r
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from show" -l after -d 'Those after this message' -r
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from show" -l around -d 'This message, with those before and after it' -r
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from show" -l limit -d 'Messages at most, 1 to 100; 50 if not said' -r
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from show" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from show" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from thread" -l after -d 'Those after this message of the thread' -r
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from thread" -l limit -d 'Messages at most, 1 to 100; 50 if not said' -r
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from thread" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from thread" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from thread" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from message" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from message" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from message" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from find" -l web -d 'The web; all of yours if not said' -r
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from find" -l room -d 'Only in this conversation' -r
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from find" -l limit -d 'Messages at most, 1 to 100; 20 if not said' -r
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from find" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from find" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from find" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from read" -l message -d 'Up to this message; all if not said' -r
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from read" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from read" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from read" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from mute" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from mute" -l lift -d 'Mutes it no more; what it said meanwhile is shown'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from mute" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from mute" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from quiet" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from quiet" -l loud -d 'Has it ring again'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from quiet" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from quiet" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from settings" -l quiet-from -d 'Minute of the day, in UTC, from which nothing rings, 0 to 1,439' -r
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from settings" -l quiet-until -d 'Minute of the day, in UTC, until which nothing rings; the same as the first: it always rings' -r
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from settings" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from settings" -l tell-read -d 'Others in direct conversations learn how far you have read; they do not, if nothing was ever said'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from settings" -l keep-read -d 'Others do not learn it any more'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from settings" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from settings" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from who" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from who" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from who" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "list" -d 'Lists rooms and direct conversations, newest message first'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "new" -d 'Begins a room that everybody in the web can read'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "set" -d 'Changes a room\'s name, topic, moderators, what newcomers see, or archives it'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "edit" -d 'Says a message of yours anew; others see that it was edited'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "delete" -d 'Takes a message away, for everybody: your own, or anybody\'s where you moderate'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "react" -d 'Reacts to a message, or takes that back'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "show" -d 'Shows messages of a conversation, the newest if nothing else is said'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "thread" -d 'Shows a message and what stands under it'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "message" -d 'Shows one message, and who has it'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "find" -d 'Finds messages that have all the words, newest first'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "read" -d 'Marks a conversation as read, on all your computers'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "mute" -d 'Mutes a member in a room where you moderate: what it says from now on is not shown'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "quiet" -d 'Has a conversation ring for you no more, or again'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "settings" -d 'Shows or changes your settings in a web: quiet hours, and whether others learn that you have read'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "who" -d 'Lists whose conversation it is, who is connected to this computer now, and when others last were'
complete -c althing -n "__fish_althing_using_subcommand room; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand direct" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand direct" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand direct" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand say" -l reply-to -d 'Which message it answers' -r
complete -c althing -n "__fish_althing_using_subcommand say" -l thread -d 'Under which message it stands; else in the room itself' -r
complete -c althing -n "__fish_althing_using_subcommand say" -l mentions -d 'Members it names besides those in the text' -r
complete -c althing -n "__fish_althing_using_subcommand say" -l attachments -d 'Links that come with it, `althing:…`, at most 8' -r
complete -c althing -n "__fish_althing_using_subcommand say" -l id -d '32 digits that the asker gives the message: the same again says nothing new' -r
complete -c althing -n "__fish_althing_using_subcommand say" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand say" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand say" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand mail; and not __fish_seen_subcommand_from send folders list show coming drafts flag move folder addresses settings save on off password help" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand mail; and not __fish_seen_subcommand_from send folders list show coming drafts flag move folder addresses settings save on off password help" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand mail; and not __fish_seen_subcommand_from send folders list show coming drafts flag move folder addresses settings save on off password help" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand mail; and not __fish_seen_subcommand_from send folders list show coming drafts flag move folder addresses settings save on off password help" -f -a "send" -d 'Sends a mail of plain text to people of your webs, with files if any are named'
complete -c althing -n "__fish_althing_using_subcommand mail; and not __fish_seen_subcommand_from send folders list show coming drafts flag move folder addresses settings save on off password help" -f -a "folders" -d 'Lists your mail folders'
complete -c althing -n "__fish_althing_using_subcommand mail; and not __fish_seen_subcommand_from send folders list show coming drafts flag move folder addresses settings save on off password help" -f -a "list" -d 'Lists mails of a folder, newest first; of INBOX if nothing else is said'
complete -c althing -n "__fish_althing_using_subcommand mail; and not __fish_seen_subcommand_from send folders list show coming drafts flag move folder addresses settings save on off password help" -f -a "show" -d 'Shows one mail: its text, and what is attached'
complete -c althing -n "__fish_althing_using_subcommand mail; and not __fish_seen_subcommand_from send folders list show coming drafts flag move folder addresses settings save on off password help" -f -a "coming" -d 'Lists large mails that are on their way here'
complete -c althing -n "__fish_althing_using_subcommand mail; and not __fish_seen_subcommand_from send folders list show coming drafts flag move folder addresses settings save on off password help" -f -a "drafts" -d 'Lists mails that you have begun in the page'
complete -c althing -n "__fish_althing_using_subcommand mail; and not __fish_seen_subcommand_from send folders list show coming drafts flag move folder addresses settings save on off password help" -f -a "flag" -d 'Sets, adds or removes flags of mails, as \\Seen or \\Flagged'
complete -c althing -n "__fish_althing_using_subcommand mail; and not __fish_seen_subcommand_from send folders list show coming drafts flag move folder addresses settings save on off password help" -f -a "move" -d 'Moves mails into another folder'
complete -c althing -n "__fish_althing_using_subcommand mail; and not __fish_seen_subcommand_from send folders list show coming drafts flag move folder addresses settings save on off password help" -f -a "folder" -d 'More: althing help folder'
complete -c althing -n "__fish_althing_using_subcommand mail; and not __fish_seen_subcommand_from send folders list show coming drafts flag move folder addresses settings save on off password help" -f -a "addresses" -d 'Lists who can be written to, and under which address'
complete -c althing -n "__fish_althing_using_subcommand mail; and not __fish_seen_subcommand_from send folders list show coming drafts flag move folder addresses settings save on off password help" -f -a "settings" -d 'Shows what to enter in Thunderbird, mutt, mbsync and other mail programs'
complete -c althing -n "__fish_althing_using_subcommand mail; and not __fish_seen_subcommand_from send folders list show coming drafts flag move folder addresses settings save on off password help" -f -a "save" -d 'Saves a file that came with a mail, or the whole mail'
complete -c althing -n "__fish_althing_using_subcommand mail; and not __fish_seen_subcommand_from send folders list show coming drafts flag move folder addresses settings save on off password help" -f -a "on" -d 'Begins to serve your mail to mail programs of this computer'
complete -c althing -n "__fish_althing_using_subcommand mail; and not __fish_seen_subcommand_from send folders list show coming drafts flag move folder addresses settings save on off password help" -f -a "off" -d 'Serves mail programs no more; the mail stays'
complete -c althing -n "__fish_althing_using_subcommand mail; and not __fish_seen_subcommand_from send folders list show coming drafts flag move folder addresses settings save on off password help" -f -a "password" -d 'Makes the password for mail programs anew, and shows it once; the one before ends'
complete -c althing -n "__fish_althing_using_subcommand mail; and not __fish_seen_subcommand_from send folders list show coming drafts flag move folder addresses settings save on off password help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from send" -l cc -d 'Who is to get it, too' -r
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from send" -l attach -d 'Files that come with it: paths on this computer; from the page `ID/NAME`, of bytes that `POST /attachment` has taken' -r
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from send" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from send" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from send" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from folders" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from folders" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from folders" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from list" -l below -d 'Those with smaller numbers than this' -r
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from list" -l limit -d 'At most so many, up to 200; 50 if not said' -r
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from list" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from list" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from show" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from show" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from coming" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from coming" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from coming" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from drafts" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from drafts" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from drafts" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from flag" -l flags -d 'The flags: `\\Seen`, `\\Answered`, `\\Flagged`, `\\Deleted`, `\\Draft`, or words of your own' -r
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from flag" -l change -d 'How they change; `add` if not said' -r -f -a "add\t'These, too.'
remove\t'These no more.'
set\t'These and no others.'"
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from flag" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from flag" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from flag" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from move" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from move" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from move" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from folder" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from folder" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from folder" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from folder" -f -a "new" -d 'Makes a mail folder'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from folder" -f -a "remove" -d 'Removes a mail folder with the mails in it'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from folder" -f -a "rename" -d 'Renames a mail folder and all below it'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from folder" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from addresses" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from addresses" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from addresses" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from settings" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from settings" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from settings" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from save" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from save" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from save" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from on" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from on" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from on" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from off" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from off" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from off" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from password" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from password" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from password" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from help" -f -a "send" -d 'Sends a mail of plain text to people of your webs, with files if any are named'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from help" -f -a "folders" -d 'Lists your mail folders'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from help" -f -a "list" -d 'Lists mails of a folder, newest first; of INBOX if nothing else is said'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from help" -f -a "show" -d 'Shows one mail: its text, and what is attached'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from help" -f -a "coming" -d 'Lists large mails that are on their way here'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from help" -f -a "drafts" -d 'Lists mails that you have begun in the page'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from help" -f -a "flag" -d 'Sets, adds or removes flags of mails, as \\Seen or \\Flagged'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from help" -f -a "move" -d 'Moves mails into another folder'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from help" -f -a "folder" -d 'More: althing help folder'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from help" -f -a "addresses" -d 'Lists who can be written to, and under which address'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from help" -f -a "settings" -d 'Shows what to enter in Thunderbird, mutt, mbsync and other mail programs'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from help" -f -a "save" -d 'Saves a file that came with a mail, or the whole mail'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from help" -f -a "on" -d 'Begins to serve your mail to mail programs of this computer'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from help" -f -a "off" -d 'Serves mail programs no more; the mail stays'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from help" -f -a "password" -d 'Makes the password for mail programs anew, and shows it once; the one before ends'
complete -c althing -n "__fish_althing_using_subcommand mail; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand ledger; and not __fish_seen_subcommand_from start list open read submit wish wishes give-up keepers log help" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand ledger; and not __fish_seen_subcommand_from start list open read submit wish wishes give-up keepers log help" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand ledger; and not __fish_seen_subcommand_from start list open read submit wish wishes give-up keepers log help" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand ledger; and not __fish_seen_subcommand_from start list open read submit wish wishes give-up keepers log help" -f -a "start" -d 'Starts a ledger: shared state that the computers of its keepers decide about by majority'
complete -c althing -n "__fish_althing_using_subcommand ledger; and not __fish_seen_subcommand_from start list open read submit wish wishes give-up keepers log help" -f -a "list" -d 'Lists ledgers'
complete -c althing -n "__fish_althing_using_subcommand ledger; and not __fish_seen_subcommand_from start list open read submit wish wishes give-up keepers log help" -f -a "open" -d 'Keeps a copy of a ledger on this computer, however large it is, so that it can be read with all keepers away'
complete -c althing -n "__fish_althing_using_subcommand ledger; and not __fish_seen_subcommand_from start list open read submit wish wishes give-up keepers log help" -f -a "read" -d 'Shows what is in a ledger, as of when, and which keepers are here'
complete -c althing -n "__fish_althing_using_subcommand ledger; and not __fish_seen_subcommand_from start list open read submit wish wishes give-up keepers log help" -f -a "submit" -d 'Wishes that a transaction is done: all of its writes if all of its conditions hold, else none'
complete -c althing -n "__fish_althing_using_subcommand ledger; and not __fish_seen_subcommand_from start list open read submit wish wishes give-up keepers log help" -f -a "wish" -d 'Tells how a wish gets on'
complete -c althing -n "__fish_althing_using_subcommand ledger; and not __fish_seen_subcommand_from start list open read submit wish wishes give-up keepers log help" -f -a "wishes" -d 'Lists wishes of this computer that wait'
complete -c althing -n "__fish_althing_using_subcommand ledger; and not __fish_seen_subcommand_from start list open read submit wish wishes give-up keepers log help" -f -a "give-up" -d 'Gives a wish up, unless it has been decided'
complete -c althing -n "__fish_althing_using_subcommand ledger; and not __fish_seen_subcommand_from start list open read submit wish wishes give-up keepers log help" -f -a "keepers" -d 'Wishes that a ledger has other keepers; those it has now decide about it'
complete -c althing -n "__fish_althing_using_subcommand ledger; and not __fish_seen_subcommand_from start list open read submit wish wishes give-up keepers log help" -f -a "log" -d 'Lists who did what in a ledger, newest last'
complete -c althing -n "__fish_althing_using_subcommand ledger; and not __fish_seen_subcommand_from start list open read submit wish wishes give-up keepers log help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from start" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from start" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from start" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from list" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from list" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from open" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from open" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from open" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from read" -l after -d 'Only keys after this one' -r
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from read" -l limit -d 'Entries at most, 1 to 1,000; 100 if not said' -r
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from read" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from read" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from read" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from submit" -l need -d 'A condition as `KEY=VERSION`' -r
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from submit" -l put -d 'A write as `KEY=VALUE`' -r
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from submit" -l drop -d 'A key that goes' -r
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from submit" -l id -d '32 digits that the asker gives the wish; the same wish again changes nothing. Hyphens are left out' -r
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from submit" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from submit" -l no-wait -d 'Does not wait until it is done'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from submit" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from submit" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from wish" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from wish" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from wish" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from wishes" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from wishes" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from wishes" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from give-up" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from give-up" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from give-up" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from keepers" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from keepers" -l no-wait -d 'Does not wait until it is done'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from keepers" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from keepers" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from log" -l after -d 'Only slots after this one' -r
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from log" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from log" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from log" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from help" -f -a "start" -d 'Starts a ledger: shared state that the computers of its keepers decide about by majority'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from help" -f -a "list" -d 'Lists ledgers'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from help" -f -a "open" -d 'Keeps a copy of a ledger on this computer, however large it is, so that it can be read with all keepers away'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from help" -f -a "read" -d 'Shows what is in a ledger, as of when, and which keepers are here'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from help" -f -a "submit" -d 'Wishes that a transaction is done: all of its writes if all of its conditions hold, else none'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from help" -f -a "wish" -d 'Tells how a wish gets on'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from help" -f -a "wishes" -d 'Lists wishes of this computer that wait'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from help" -f -a "give-up" -d 'Gives a wish up, unless it has been decided'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from help" -f -a "keepers" -d 'Wishes that a ledger has other keepers; those it has now decide about it'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from help" -f -a "log" -d 'Lists who did what in a ledger, newest last'
complete -c althing -n "__fish_althing_using_subcommand ledger; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand map" -l web -d 'The web whose computers work; that of the inputs if not said, or else the only one you are in' -r
complete -c althing -n "__fish_althing_using_subcommand map" -l in -d 'Shared files, one unit each, as `family/alice/archive/**`; `*` stands for a part of a name, `**` for any folders' -r
complete -c althing -n "__fish_althing_using_subcommand map" -l range -d 'So many units without files, numbered from 0: the program hears its number' -r
complete -c althing -n "__fish_althing_using_subcommand map" -l arguments -d 'A text that every unit is given, at most 64 KiB' -r
complete -c althing -n "__fish_althing_using_subcommand map" -l reduce -d 'A program that joins outputs, many to one, again and again until one is left; named as the program' -r
complete -c althing -n "__fish_althing_using_subcommand map" -l out -d 'A folder of this computer for the results; they wait in the program if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand map" -l name -d 'What the job is called; the program\'s name if not said' -r
complete -c althing -n "__fish_althing_using_subcommand map" -l trust -d 'How far results of others are believed; adaptive if not said' -r -f -a "own\t'Only my own computers.'
trusted\t'These people, without a check.'
spot\t'Anybody; some results, at random, are made again by another person or a computer of mine.'
quorum\t'The same result from several persons.'
adaptive\t'As quorum, until a person has given many right results in a row; then spot.'"
complete -c althing -n "__fish_althing_using_subcommand map" -l people -d 'With `trusted`: whom, as their labels in the web' -r
complete -c althing -n "__fish_althing_using_subcommand map" -l quorum -d 'With `quorum`: how many persons have to agree of how many asked at most, as `2/3`' -r
complete -c althing -n "__fish_althing_using_subcommand map" -l spot -d 'With `spot` and `adaptive`: which share of results is made again, as `2%`' -r
complete -c althing -n "__fish_althing_using_subcommand map" -l deputies -d 'Whose computers carry the job on when this one is away, at most 3: labels of people; your own others if not said' -r
complete -c althing -n "__fish_althing_using_subcommand map" -l seconds -d 'Seconds of processor time a unit may take, 1 to 86,400; 600 if not said' -r
complete -c althing -n "__fish_althing_using_subcommand map" -l memory -d 'MiB of memory a unit may take, 1 to 4,096; 256 if not said' -r
complete -c althing -n "__fish_althing_using_subcommand map" -l priority -d 'Which of your jobs goes first: 1 is last, 9 is first; 5 if not said' -r
complete -c althing -n "__fish_althing_using_subcommand map" -l fuel -d 'Instructions of WASM a unit may run, 1 to 10^15: who needs more fails, on every computer alike. Counting takes time; not counted if not said' -r
complete -c althing -n "__fish_althing_using_subcommand map" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand map" -l exact-nan -d 'Makes NaN alike on all processors; slower for programs that calculate with fractions'
complete -c althing -n "__fish_althing_using_subcommand map" -l anew -d 'Computes everything anew, also what is known'
complete -c althing -n "__fish_althing_using_subcommand map" -l no-wait -d 'Does not wait until it is done'
complete -c althing -n "__fish_althing_using_subcommand map" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand map" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c althing -n "__fish_althing_using_subcommand chain" -l out -d 'A folder of this computer for the results of the last step' -r -F
complete -c althing -n "__fish_althing_using_subcommand chain" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand chain" -l no-wait -d 'Does not wait until it is done'
complete -c althing -n "__fish_althing_using_subcommand chain" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand chain" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand jobs; and not __fish_seen_subcommand_from list show pause resume cancel forget priority save results help" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand jobs; and not __fish_seen_subcommand_from list show pause resume cancel forget priority save results help" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand jobs; and not __fish_seen_subcommand_from list show pause resume cancel forget priority save results help" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand jobs; and not __fish_seen_subcommand_from list show pause resume cancel forget priority save results help" -f -a "list" -d 'Lists jobs of this computer and of the people of its webs, newest first'
complete -c althing -n "__fish_althing_using_subcommand jobs; and not __fish_seen_subcommand_from list show pause resume cancel forget priority save results help" -f -a "show" -d 'Shows how a job gets on: units, people, speed, time left'
complete -c althing -n "__fish_althing_using_subcommand jobs; and not __fish_seen_subcommand_from list show pause resume cancel forget priority save results help" -f -a "pause" -d 'Pauses a job: what runs is finished, nothing new is given out'
complete -c althing -n "__fish_althing_using_subcommand jobs; and not __fish_seen_subcommand_from list show pause resume cancel forget priority save results help" -f -a "resume" -d 'Goes on with a paused job, and tries parked units again'
complete -c althing -n "__fish_althing_using_subcommand jobs; and not __fish_seen_subcommand_from list show pause resume cancel forget priority save results help" -f -a "cancel" -d 'Cancels a job; results that are here stay until it is forgotten'
complete -c althing -n "__fish_althing_using_subcommand jobs; and not __fish_seen_subcommand_from list show pause resume cancel forget priority save results help" -f -a "forget" -d 'Removes a job that is over, with its results, from this computer'
complete -c althing -n "__fish_althing_using_subcommand jobs; and not __fish_seen_subcommand_from list show pause resume cancel forget priority save results help" -f -a "priority" -d 'Says which of your jobs goes first: 1 is last, 9 is first, 5 if not said'
complete -c althing -n "__fish_althing_using_subcommand jobs; and not __fish_seen_subcommand_from list show pause resume cancel forget priority save results help" -f -a "save" -d 'Writes the results that are here into a folder of this computer'
complete -c althing -n "__fish_althing_using_subcommand jobs; and not __fish_seen_subcommand_from list show pause resume cancel forget priority save results help" -f -a "results" -d 'Lists results of a job, in order of units'
complete -c althing -n "__fish_althing_using_subcommand jobs; and not __fish_seen_subcommand_from list show pause resume cancel forget priority save results help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from list" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from list" -l all -d 'Also jobs of others that this computer may work for'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from list" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from show" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from show" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from pause" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from pause" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from pause" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from resume" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from resume" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from resume" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from forget" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from forget" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from forget" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from priority" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from priority" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from priority" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from save" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from save" -l no-wait -d 'Does not wait until it is done'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from save" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from save" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from results" -l from -d 'Only units from this one on' -r
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from results" -l limit -d 'Results at most, 1 to 1,000; 100 if not said. An answer has at most 4 MiB of outputs' -r
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from results" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from results" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from results" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from help" -f -a "list" -d 'Lists jobs of this computer and of the people of its webs, newest first'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from help" -f -a "show" -d 'Shows how a job gets on: units, people, speed, time left'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from help" -f -a "pause" -d 'Pauses a job: what runs is finished, nothing new is given out'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from help" -f -a "resume" -d 'Goes on with a paused job, and tries parked units again'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from help" -f -a "cancel" -d 'Cancels a job; results that are here stay until it is forgotten'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from help" -f -a "forget" -d 'Removes a job that is over, with its results, from this computer'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from help" -f -a "priority" -d 'Says which of your jobs goes first: 1 is last, 9 is first, 5 if not said'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from help" -f -a "save" -d 'Writes the results that are here into a folder of this computer'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from help" -f -a "results" -d 'Lists results of a job, in order of units'
complete -c althing -n "__fish_althing_using_subcommand jobs; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand compute; and not __fish_seen_subcommand_from on off mode limits show capacity people evidence trust-again help" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand compute; and not __fish_seen_subcommand_from on off mode limits show capacity people evidence trust-again help" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand compute; and not __fish_seen_subcommand_from on off mode limits show capacity people evidence trust-again help" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand compute; and not __fish_seen_subcommand_from on off mode limits show capacity people evidence trust-again help" -f -a "on" -d 'Lets this computer work for your webs when nobody uses it'
complete -c althing -n "__fish_althing_using_subcommand compute; and not __fish_seen_subcommand_from on off mode limits show capacity people evidence trust-again help" -f -a "off" -d 'Ends working for others; what runs is given back'
complete -c althing -n "__fish_althing_using_subcommand compute; and not __fish_seen_subcommand_from on off mode limits show capacity people evidence trust-again help" -f -a "mode" -d 'Says when this computer works for your webs, for good or for some hours'
complete -c althing -n "__fish_althing_using_subcommand compute; and not __fish_seen_subcommand_from on off mode limits show capacity people evidence trust-again help" -f -a "limits" -d 'Says how much of this computer work may take, apart for when it is used and when it is idle'
complete -c althing -n "__fish_althing_using_subcommand compute; and not __fish_seen_subcommand_from on off mode limits show capacity people evidence trust-again help" -f -a "show" -d 'Shows what this computer does for others now, and why it pauses'
complete -c althing -n "__fish_althing_using_subcommand compute; and not __fish_seen_subcommand_from on off mode limits show capacity people evidence trust-again help" -f -a "capacity" -d 'Shows what the computers of a web could do together, as each has measured it'
complete -c althing -n "__fish_althing_using_subcommand compute; and not __fish_seen_subcommand_from on off mode limits show capacity people evidence trust-again help" -f -a "people" -d 'Shows who gave processor time and who used it; only checked work counts'
complete -c althing -n "__fish_althing_using_subcommand compute; and not __fish_seen_subcommand_from on off mode limits show capacity people evidence trust-again help" -f -a "evidence" -d 'Shows who gave wrong results, with what was signed'
complete -c althing -n "__fish_althing_using_subcommand compute; and not __fish_seen_subcommand_from on off mode limits show capacity people evidence trust-again help" -f -a "trust-again" -d 'Gives work of yours again to a person who once gave wrong results'
complete -c althing -n "__fish_althing_using_subcommand compute; and not __fish_seen_subcommand_from on off mode limits show capacity people evidence trust-again help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from on" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from on" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from on" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from off" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from off" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from off" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from mode" -l for -d 'For how long, as `2h` or `30m`; for good if not said' -r
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from mode" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from mode" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from mode" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from limits" -l idle-cores -d 'Cores while idle; 0: all' -r
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from limits" -l idle-percent -d 'Percent of each core while idle, 1 to 100' -r
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from limits" -l idle-memory -d 'Percent of the memory while idle, 1 to 90' -r
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from limits" -l used-cores -d 'Cores while somebody uses it; 0: it pauses' -r
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from limits" -l used-percent -d 'Percent of each core while somebody uses it, 1 to 100' -r
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from limits" -l used-memory -d 'Percent of the memory while somebody uses it, 1 to 90' -r
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from limits" -l hours -d 'Only between these hours, local time, as `22-7`; `any` for always' -r
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from limits" -l battery -d 'Whether it works on battery: `yes` or `no`' -r
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from limits" -l metered -d 'Whether it fetches work over a line paid by volume: `yes` or `no`' -r
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from limits" -l people -d 'Whose programs may run here: `everybody` of your webs, `me`, or labels of people as `family/alice`' -r
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from limits" -l watts -d 'Watts that one busy core of this computer takes more than an idle one, for estimates; 8 if not said' -r
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from limits" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from limits" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from limits" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from show" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from show" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from capacity" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from capacity" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from capacity" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from people" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from people" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from people" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from evidence" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from evidence" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from evidence" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from trust-again" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from trust-again" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from trust-again" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from help" -f -a "on" -d 'Lets this computer work for your webs when nobody uses it'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from help" -f -a "off" -d 'Ends working for others; what runs is given back'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from help" -f -a "mode" -d 'Says when this computer works for your webs, for good or for some hours'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from help" -f -a "limits" -d 'Says how much of this computer work may take, apart for when it is used and when it is idle'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from help" -f -a "show" -d 'Shows what this computer does for others now, and why it pauses'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from help" -f -a "capacity" -d 'Shows what the computers of a web could do together, as each has measured it'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from help" -f -a "people" -d 'Shows who gave processor time and who used it; only checked work counts'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from help" -f -a "evidence" -d 'Shows who gave wrong results, with what was signed'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from help" -f -a "trust-again" -d 'Gives work of yours again to a person who once gave wrong results'
complete -c althing -n "__fish_althing_using_subcommand compute; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and not __fish_seen_subcommand_from offer withdraw open close list log help" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand tunnel; and not __fish_seen_subcommand_from offer withdraw open close list log help" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and not __fish_seen_subcommand_from offer withdraw open close list log help" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and not __fish_seen_subcommand_from offer withdraw open close list log help" -f -a "offer" -d 'Offers a TCP service of this computer to people of a web'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and not __fish_seen_subcommand_from offer withdraw open close list log help" -f -a "withdraw" -d 'Takes a tunnel of this computer back at once: connections under way end'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and not __fish_seen_subcommand_from offer withdraw open close list log help" -f -a "open" -d 'Opens a tunnel of another at a port of this computer, until it is closed'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and not __fish_seen_subcommand_from offer withdraw open close list log help" -f -a "close" -d 'Closes a tunnel on this computer: nothing listens there any more'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and not __fish_seen_subcommand_from offer withdraw open close list log help" -f -a "list" -d 'Lists tunnels that are offered to you, that you offer, and that are open here'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and not __fish_seen_subcommand_from offer withdraw open close list log help" -f -a "log" -d 'Shows who used tunnels of this computer, newest first'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and not __fish_seen_subcommand_from offer withdraw open close list log help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from offer" -l as -d 'What the tunnel is called: 1 to 40 of a-z, 0-9 and hyphens inside' -r
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from offer" -l web -d 'The web; the only one you are in if not said' -r
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from offer" -l to -d 'Labels of people who may use it, at most 64; all members if neither they nor a role are said' -r
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from offer" -l role -d 'Whoever has at least this role may use it' -r -f -a "carrier\t'Carries sealed things for the others and reads nothing.'
guest\t'Reads everything and shares nothing.'
member\t'Reads everything, shares and writes.'
admin\t'Invites, and removes those it outranks.'
owner\t'Grants admin.'"
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from offer" -l note -d 'A sentence about it that all members can read, up to 200 bytes' -r
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from offer" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from offer" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from offer" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from withdraw" -l web -d 'The web, if this computer offers the name in several' -r
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from withdraw" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from withdraw" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from withdraw" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from open" -l web -d 'The web, if it is not said in the name' -r
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from open" -l port -d 'The port of this computer; a free one if not said, and the same again after a start' -r
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from open" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from open" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from open" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from close" -l web -d 'The web, if it is not said in the name' -r
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from close" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from close" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from close" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from list" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from list" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from log" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from log" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from log" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from help" -f -a "offer" -d 'Offers a TCP service of this computer to people of a web'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from help" -f -a "withdraw" -d 'Takes a tunnel of this computer back at once: connections under way end'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from help" -f -a "open" -d 'Opens a tunnel of another at a port of this computer, until it is closed'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from help" -f -a "close" -d 'Closes a tunnel on this computer: nothing listens there any more'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from help" -f -a "list" -d 'Lists tunnels that are offered to you, that you offer, and that are open here'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from help" -f -a "log" -d 'Shows who used tunnels of this computer, newest first'
complete -c althing -n "__fish_althing_using_subcommand tunnel; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand agent; and not __fish_seen_subcommand_from list show log notices admit stop start switch try help" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand agent; and not __fish_seen_subcommand_from list show log notices admit stop start switch try help" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand agent; and not __fish_seen_subcommand_from list show log notices admit stop start switch try help" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand agent; and not __fish_seen_subcommand_from list show log notices admit stop start switch try help" -f -a "list" -d 'Lists the agents of your webs, and what each may do'
complete -c althing -n "__fish_althing_using_subcommand agent; and not __fish_seen_subcommand_from list show log notices admit stop start switch try help" -f -a "show" -d 'Shows an agent: what it may do, what it has used up, and how it is'
complete -c althing -n "__fish_althing_using_subcommand agent; and not __fish_seen_subcommand_from list show log notices admit stop start switch try help" -f -a "log" -d 'Shows each run of an agent on this computer, newest first: what it was run for, what it did, and what it was refused'
complete -c althing -n "__fish_althing_using_subcommand agent; and not __fish_seen_subcommand_from list show log notices admit stop start switch try help" -f -a "notices" -d 'Lists what agents told you, newest first'
complete -c althing -n "__fish_althing_using_subcommand agent; and not __fish_seen_subcommand_from list show log notices admit stop start switch try help" -f -a "admit" -d 'Admits a program to a web as an agent, or changes one; admins only'
complete -c althing -n "__fish_althing_using_subcommand agent; and not __fish_seen_subcommand_from list show log notices admit stop start switch try help" -f -a "stop" -d 'Stops an agent for everybody in its web; admins only'
complete -c althing -n "__fish_althing_using_subcommand agent; and not __fish_seen_subcommand_from list show log notices admit stop start switch try help" -f -a "start" -d 'Starts an agent again: for its web if it was stopped there, on this computer if it had failed too often'
complete -c althing -n "__fish_althing_using_subcommand agent; and not __fish_seen_subcommand_from list show log notices admit stop start switch try help" -f -a "switch" -d 'Switches all agents of this computer on or off, or one'
complete -c althing -n "__fish_althing_using_subcommand agent; and not __fish_seen_subcommand_from list show log notices admit stop start switch try help" -f -a "try" -d 'Runs an agent, or a program that is none yet, for one event, and shows what it would do. Nothing of it is done'
complete -c althing -n "__fish_althing_using_subcommand agent; and not __fish_seen_subcommand_from list show log notices admit stop start switch try help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from list" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from list" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from show" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from show" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from log" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from log" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from log" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from notices" -l web -d 'Only of this web' -r
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from notices" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from notices" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from notices" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from admit" -l as -d 'What it is called: 1 to 40 of a-z, 0-9 and hyphens inside. The file\'s name without its ending if not said' -r
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from admit" -l web -d 'The web; the only one you are in if not said' -r
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from admit" -l may -d 'What it may do, one thing each: `changes SHARE`, `read SHARE`, `names SHARE`, `members`, `guard`, `facts`, `every MINUTES`, `notice`, `warn`, `hold`. SHARE is a path as `family/alice/photos`, or `*` for all shares of the web' -r
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from admit" -l settings -d 'What the program is told with each event, as words to look for; up to 4 KiB of text' -r
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from admit" -l note -d 'A sentence about it that all members can read, up to 200 bytes' -r
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from admit" -l cpu-ms -d 'Processor time of one run in milliseconds, 10 to 10,000; 1,000 if not said' -r
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from admit" -l memory-mib -d 'Memory of one run in MiB, 1 to 256; 32 if not said' -r
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from admit" -l runs-per-hour -d 'Runs in an hour on one computer, 1 to 600; 60 if not said' -r
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from admit" -l actions-per-day -d 'Actions in a day on one computer, 1 to 1,000; 50 if not said' -r
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from admit" -l state-bytes -d 'Bytes it may remember from run to run, up to 256 KiB; 64 KiB if not said' -r
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from admit" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from admit" -l here -d 'Only on this computer; on every computer of the web if not said'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from admit" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from admit" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from stop" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from stop" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from stop" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from start" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from start" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from start" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from switch" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from switch" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from switch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from try" -l event -d 'The event as JSON; `{"kind":"schedule"}` with what the agent may know if not said' -r
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from try" -l state -d 'What the program remembers, as JSON; what the agent remembers now if not said' -r
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from try" -l settings -d 'What the program is told besides; the agent\'s own settings if not said' -r
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from try" -l may -d 'What a program that is no agent may do, as for admitting it; everything if not said' -r
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from try" -l web -d 'The web of a program that is no agent; the only one you are in if not said' -r
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from try" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from try" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from try" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "list" -d 'Lists the agents of your webs, and what each may do'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "show" -d 'Shows an agent: what it may do, what it has used up, and how it is'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "log" -d 'Shows each run of an agent on this computer, newest first: what it was run for, what it did, and what it was refused'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "notices" -d 'Lists what agents told you, newest first'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "admit" -d 'Admits a program to a web as an agent, or changes one; admins only'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "stop" -d 'Stops an agent for everybody in its web; admins only'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "start" -d 'Starts an agent again: for its web if it was stopped there, on this computer if it had failed too often'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "switch" -d 'Switches all agents of this computer on or off, or one'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "try" -d 'Runs an agent, or a program that is none yet, for one event, and shows what it would do. Nothing of it is done'
complete -c althing -n "__fish_althing_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand status" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand status" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand status" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand net; and not __fish_seen_subcommand_from lan dht help" -l web -d 'Only computers of this web' -r
complete -c althing -n "__fish_althing_using_subcommand net; and not __fish_seen_subcommand_from lan dht help" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand net; and not __fish_seen_subcommand_from lan dht help" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand net; and not __fish_seen_subcommand_from lan dht help" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand net; and not __fish_seen_subcommand_from lan dht help" -f -a "lan" -d 'Switches finding others on the local network (mDNS) on or off'
complete -c althing -n "__fish_althing_using_subcommand net; and not __fish_seen_subcommand_from lan dht help" -f -a "dht" -d 'Switches finding members in the BitTorrent DHT on or off, for when all known addresses have changed'
complete -c althing -n "__fish_althing_using_subcommand net; and not __fish_seen_subcommand_from lan dht help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand net; and __fish_seen_subcommand_from lan" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand net; and __fish_seen_subcommand_from lan" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand net; and __fish_seen_subcommand_from lan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c althing -n "__fish_althing_using_subcommand net; and __fish_seen_subcommand_from dht" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand net; and __fish_seen_subcommand_from dht" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand net; and __fish_seen_subcommand_from dht" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c althing -n "__fish_althing_using_subcommand net; and __fish_seen_subcommand_from help" -f -a "lan" -d 'Switches finding others on the local network (mDNS) on or off'
complete -c althing -n "__fish_althing_using_subcommand net; and __fish_seen_subcommand_from help" -f -a "dht" -d 'Switches finding members in the BitTorrent DHT on or off, for when all known addresses have changed'
complete -c althing -n "__fish_althing_using_subcommand net; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand show" -l part -d 'With a path: which part, as in `cells=A1:C9`' -r
complete -c althing -n "__fish_althing_using_subcommand show" -l first-row -d 'The first row of a table to show, from 0' -r
complete -c althing -n "__fish_althing_using_subcommand show" -l rows -d 'Rows at most, 1 to 1,000; 100 if not said' -r
complete -c althing -n "__fish_althing_using_subcommand show" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand show" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand show" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand export" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand export" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand export" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand stop" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand stop" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand stop" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand words; and not __fish_seen_subcommand_from show check new help" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand words; and not __fish_seen_subcommand_from show check new help" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand words; and not __fish_seen_subcommand_from show check new help" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand words; and not __fish_seen_subcommand_from show check new help" -f -a "show" -d 'Shows your 24 recovery words, until you have written them down'
complete -c althing -n "__fish_althing_using_subcommand words; and not __fish_seen_subcommand_from show check new help" -f -a "check" -d 'Says three of your recovery words, so that this computer can forget them; new ones count from then on'
complete -c althing -n "__fish_althing_using_subcommand words; and not __fish_seen_subcommand_from show check new help" -f -a "new" -d 'Takes new recovery words in place of the old ones, for which it asks, on the terminal or from a pipe'
complete -c althing -n "__fish_althing_using_subcommand words; and not __fish_seen_subcommand_from show check new help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand words; and __fish_seen_subcommand_from show" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand words; and __fish_seen_subcommand_from show" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand words; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand words; and __fish_seen_subcommand_from check" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand words; and __fish_seen_subcommand_from check" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand words; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand words; and __fish_seen_subcommand_from new" -l revoke -d 'A computer that is not yours, though it came by the old words; may be said several times' -r
complete -c althing -n "__fish_althing_using_subcommand words; and __fish_seen_subcommand_from new" -l home -d 'The home of the peer; ALTHING_HOME if not said' -r -F
complete -c althing -n "__fish_althing_using_subcommand words; and __fish_seen_subcommand_from new" -l json -d 'Writes the answer as JSON; faults as JSON on stderr'
complete -c althing -n "__fish_althing_using_subcommand words; and __fish_seen_subcommand_from new" -s h -l help -d 'Print help'
complete -c althing -n "__fish_althing_using_subcommand words; and __fish_seen_subcommand_from help" -f -a "show" -d 'Shows your 24 recovery words, until you have written them down'
complete -c althing -n "__fish_althing_using_subcommand words; and __fish_seen_subcommand_from help" -f -a "check" -d 'Says three of your recovery words, so that this computer can forget them; new ones count from then on'
complete -c althing -n "__fish_althing_using_subcommand words; and __fish_seen_subcommand_from help" -f -a "new" -d 'Takes new recovery words in place of the old ones, for which it asks, on the terminal or from a pipe'
complete -c althing -n "__fish_althing_using_subcommand words; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "start" -d 'Starts the peer of this home and runs it until it is stopped'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "key" -d 'How this home\'s secrets are protected on the disk'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "cat" -d 'Writes a file\'s bytes, verified, fetching what is not here'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "recover" -d 'Makes this computer yours again: asks for your 24 recovery words, on the terminal or from a pipe'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "log-export" -d 'Writes the log of a web for other programs: who did what, when, and whether it counts'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "watch" -d 'Writes what happens, as it happens, until interrupted'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "config" -d 'Settings'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "completions" -d 'Writes completions for a shell'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "commands" -d 'Writes the manual of all commands, as Markdown'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "faults" -d 'Writes all faults a person can meet, as Markdown'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "exit-codes" -d 'Explains the exit codes'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "me" -d 'Shows who you are on this computer'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "web" -d 'More: althing help web'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "invite" -d 'Makes an invitation to paste or to show as QR code'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "invitations" -d 'Lists the invitations of a web and who waits for approval'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "revoke" -d 'Ends an invitation'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "accept" -d 'Admits a person who waits for approval'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "people" -d 'Lists the people of a web'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "role" -d 'Changes what a person may do in a web'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "hand-over" -d 'Makes another person owner of a web in your place; you become admin'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "remove" -d 'Removes a person; from now on nothing new reaches them'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "serve" -d 'Makes this computer serve a web: as relay, as mirror, or as broker for those who are away'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "device" -d 'More: althing help device'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "address" -d 'Shows where you and members of your webs are found: for coming back with recovery words'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "log" -d 'Lists every act that changed who belongs to a web'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "name" -d 'Gives a person your own name for it, which only you see'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "safety" -d 'Shows the safety code of you and a person, for comparing'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "verify" -d 'Says that you have compared safety codes with a person'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "news" -d 'Lists changes of names and computers of people that you should know of'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "invited" -d 'Lists webs to which people you know invite you'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "dismiss" -d 'Signs that a person is removed whom you cannot remove alone, an owner, say; it is done when enough admins have signed'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "same-person" -d 'Signs that a newcomer is somebody who has lost all devices and words; role and rank go over when enough admins have signed'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "dismissals" -d 'Lists what admins are asked to sign together, and how many signatures are missing'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "cut-off" -d 'Lists what a removal cut off: admissions and acts of who was removed, dated after what its remover knew. Files shared above the cut are erased and can\'t be brought back'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "restore" -d 'Does again in your name what a removal cut off: invites who fell out, gives the role, admits, removes'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "share" -d 'Shares a folder of this computer with a web; nothing is copied'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "shares" -d 'Lists what you share and how far the reading is'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "unshare" -d 'Stops sharing a folder; the folder itself stays as it is'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "guard" -d 'More: althing help guard'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "ls" -d 'Lists a folder of the tree web/person/share/path'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "about" -d 'Shows who has a file, how fresh it is, and its newest revision'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "history" -d 'Lists the revisions of a file with author and time'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "get" -d 'Brings the newest revision of a file or a whole folder to this computer'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "transfers" -d 'Lists transfers, newest first'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "transfer" -d 'Shows how one transfer gets on'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "pause" -d 'Pauses a transfer'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "resume" -d 'Goes on with a transfer where it stopped'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "cancel" -d 'Cancels a transfer; what has arrived of unfinished files is given up'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "mirror" -d 'Shows which computers keep sealed copies of a web\'s files, and how many files are there'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "find" -d 'Finds files by their names and by what is in them, at everybody who is there; newest revisions only'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "keep" -d 'Keeps a search: it rings when something new or newer matches'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "kept" -d 'Lists kept searches and what they rang for'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "drop" -d 'Drops a kept search'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "link" -d 'Makes a link to a file, a folder, a person or a web: it goes on leading there when that is renamed, moved or changed'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "follow" -d 'Shows what a link leads to, how fresh that is, and if it leads nowhere, why'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "backlinks" -d 'Lists what links to something: documents and pages of everybody'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "page" -d 'Makes a link that opens the page in a browser; good once, for 30 seconds'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "doc" -d 'More: althing help doc'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "new" -d 'Lists what is new in your webs: documents, sites, files, links to what is yours'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "inbox" -d 'Lists what is new for you: unread conversations, messages that name you, and mail not read'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "room" -d 'More: althing help room'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "direct" -d 'Finds or begins the direct conversation with one or several persons; nobody else can read it'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "say" -d 'Says something in a room or direct conversation'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "mail" -d 'More: althing help mail'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "ledger" -d 'More: althing help ledger'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "map" -d 'Runs a program over shared files, or over numbers, on idle computers of a web'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "chain" -d 'Runs several programs one after the other, as a small TOML file says'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "jobs" -d 'More: althing help jobs'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "compute" -d 'More: althing help compute'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "tunnel" -d 'More: althing help tunnel'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "agent" -d 'More: althing help agent'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "status" -d 'Shows how this peer is'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "net" -d 'Shows your webs\' computers: how you are connected with each, and why not'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "show" -d 'Shows what a link leads to: lines of a text, cells of a table, a page, hits of a query'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "export" -d 'Writes all signed entries of a web into a folder, for reading by other programs'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "stop" -d 'Stops this peer'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "words" -d 'More: althing help words'
complete -c althing -n "__fish_althing_using_subcommand help; and not __fish_seen_subcommand_from start key cat recover log-export watch config completions commands faults exit-codes me web invite invitations revoke accept people role hand-over remove serve device address log name safety verify news invited dismiss same-person dismissals cut-off restore share shares unshare guard ls about history get transfers transfer pause resume cancel mirror find keep kept drop link follow backlinks page doc new inbox room direct say mail ledger map chain jobs compute tunnel agent status net show export stop words help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "status" -d 'Says where the secrets are and how they are protected'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "passphrase" -d 'Seals the secrets under a passphrase, asked for now and at each start'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "keyring" -d 'Seals the secrets under a key in the system\'s keyring, which opens at log-in'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "show" -d 'Shows every setting, its value and where it comes from'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from me" -f -a "set" -d 'Says by which name others meet you'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from web" -f -a "start" -d 'Starts a web; you are its owner'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from web" -f -a "list" -d 'Lists your webs'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from web" -f -a "join" -d 'Joins a web by an invitation'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from web" -f -a "leave" -d 'Leaves a web; what you kept stays on this computer'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from web" -f -a "with" -d 'Starts a web with people you know; each gets an invitation, sealed to that person'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from web" -f -a "enter" -d 'Joins a web to which a person you know invites you'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from web" -f -a "decline" -d 'Takes an invitation by a person you know off the list'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from web" -f -a "dissolve" -d 'Ends a web of yours: removes everybody and leaves'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from device" -f -a "add" -d 'Makes a link by which another computer becomes yours'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from device" -f -a "join" -d 'Makes this computer, by a link from another one, that person\'s'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from device" -f -a "list" -d 'Lists your computers'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from device" -f -a "revoke" -d 'Ends a computer of yours, lost or stolen, in all webs'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from device" -f -a "name" -d 'Says what you call this computer'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from guard" -f -a "go-on" -d 'Goes on with a share that was stopped because much of it changed at once: it was meant'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from guard" -f -a "canary" -d 'Makes a file of your share a canary: when anything touches it, the share is stopped at once'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from guard" -f -a "status" -d 'Shows how well this computer and a web are protected'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from guard" -f -a "list" -d 'Lists what is held here or warned of, with the reason'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from guard" -f -a "show" -d 'Shows what speaks against a file, who says so, and where it is'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from guard" -f -a "log" -d 'Shows what the guard did and heard, newest first'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from guard" -f -a "check" -d 'Looks through a file, a folder or a share again, as far as it is on this computer'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from guard" -f -a "warn" -d 'Warns everybody in a web of a file'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from guard" -f -a "release" -d 'Opens what is held or warned of all the same: on this computer, or for the whole web'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from guard" -f -a "switch" -d 'Switches the guard of this computer on or off'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from guard" -f -a "odd" -d 'Lists who did what no honest program does, as all computers of a web have seen it together'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from guard" -f -a "rules" -d 'Lists the sets of rules that are looked with'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from guard" -f -a "add-rules" -d 'Offers a file of a web as a set of YARA rules: in force if you protect that web, else it only observes'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from guard" -f -a "drop-rules" -d 'Takes back a set of rules that you offered'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from guard" -f -a "officer" -d 'Gives a person the task of protecting a web, or takes it back'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from page" -f -a "publish" -d 'Makes a folder a site that members open in their browsers'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from page" -f -a "list" -d 'Lists the sites of your webs'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from page" -f -a "remove" -d 'Takes a site of yours away; the folder stays as it is, shared or not'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from page" -f -a "versions" -d 'Lists when a site changed; each version can be opened as far as somebody has its files'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from page" -f -a "open" -d 'Makes a link that opens a site in a browser; good once, for 30 seconds'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from doc" -f -a "new" -d 'Begins a document that everybody in the web can write in'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from doc" -f -a "list" -d 'Lists documents, last changed first'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from doc" -f -a "show" -d 'Shows a document: its text, its components with their states, who wrote it'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from doc" -f -a "write" -d 'Makes a document\'s text this; what others write meanwhile is kept beside'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from doc" -f -a "add" -d 'Adds a paragraph to a document: text, or a link, which becomes a component'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from doc" -f -a "history" -d 'Lists who changed a document when'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from doc" -f -a "restore" -d 'Gives a document the text it had after a change; that is one more change'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from doc" -f -a "remove" -d 'Takes a document off the list for everybody; its owner or an admin can bring it back'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from doc" -f -a "bring-back" -d 'Brings a removed document back'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from doc" -f -a "export" -d 'Writes a document with all its components as they are now, and a list of their sources'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "list" -d 'Lists rooms and direct conversations, newest message first'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "new" -d 'Begins a room that everybody in the web can read'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "set" -d 'Changes a room\'s name, topic, moderators, what newcomers see, or archives it'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "edit" -d 'Says a message of yours anew; others see that it was edited'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "delete" -d 'Takes a message away, for everybody: your own, or anybody\'s where you moderate'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "react" -d 'Reacts to a message, or takes that back'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "show" -d 'Shows messages of a conversation, the newest if nothing else is said'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "thread" -d 'Shows a message and what stands under it'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "message" -d 'Shows one message, and who has it'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "find" -d 'Finds messages that have all the words, newest first'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "read" -d 'Marks a conversation as read, on all your computers'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "mute" -d 'Mutes a member in a room where you moderate: what it says from now on is not shown'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "quiet" -d 'Has a conversation ring for you no more, or again'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "settings" -d 'Shows or changes your settings in a web: quiet hours, and whether others learn that you have read'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from room" -f -a "who" -d 'Lists whose conversation it is, who is connected to this computer now, and when others last were'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from mail" -f -a "send" -d 'Sends a mail of plain text to people of your webs, with files if any are named'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from mail" -f -a "folders" -d 'Lists your mail folders'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from mail" -f -a "list" -d 'Lists mails of a folder, newest first; of INBOX if nothing else is said'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from mail" -f -a "show" -d 'Shows one mail: its text, and what is attached'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from mail" -f -a "coming" -d 'Lists large mails that are on their way here'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from mail" -f -a "drafts" -d 'Lists mails that you have begun in the page'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from mail" -f -a "flag" -d 'Sets, adds or removes flags of mails, as \\Seen or \\Flagged'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from mail" -f -a "move" -d 'Moves mails into another folder'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from mail" -f -a "folder" -d 'More: althing help folder'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from mail" -f -a "addresses" -d 'Lists who can be written to, and under which address'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from mail" -f -a "settings" -d 'Shows what to enter in Thunderbird, mutt, mbsync and other mail programs'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from mail" -f -a "save" -d 'Saves a file that came with a mail, or the whole mail'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from mail" -f -a "on" -d 'Begins to serve your mail to mail programs of this computer'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from mail" -f -a "off" -d 'Serves mail programs no more; the mail stays'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from mail" -f -a "password" -d 'Makes the password for mail programs anew, and shows it once; the one before ends'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from ledger" -f -a "start" -d 'Starts a ledger: shared state that the computers of its keepers decide about by majority'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from ledger" -f -a "list" -d 'Lists ledgers'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from ledger" -f -a "open" -d 'Keeps a copy of a ledger on this computer, however large it is, so that it can be read with all keepers away'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from ledger" -f -a "read" -d 'Shows what is in a ledger, as of when, and which keepers are here'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from ledger" -f -a "submit" -d 'Wishes that a transaction is done: all of its writes if all of its conditions hold, else none'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from ledger" -f -a "wish" -d 'Tells how a wish gets on'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from ledger" -f -a "wishes" -d 'Lists wishes of this computer that wait'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from ledger" -f -a "give-up" -d 'Gives a wish up, unless it has been decided'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from ledger" -f -a "keepers" -d 'Wishes that a ledger has other keepers; those it has now decide about it'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from ledger" -f -a "log" -d 'Lists who did what in a ledger, newest last'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from jobs" -f -a "list" -d 'Lists jobs of this computer and of the people of its webs, newest first'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from jobs" -f -a "show" -d 'Shows how a job gets on: units, people, speed, time left'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from jobs" -f -a "pause" -d 'Pauses a job: what runs is finished, nothing new is given out'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from jobs" -f -a "resume" -d 'Goes on with a paused job, and tries parked units again'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from jobs" -f -a "cancel" -d 'Cancels a job; results that are here stay until it is forgotten'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from jobs" -f -a "forget" -d 'Removes a job that is over, with its results, from this computer'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from jobs" -f -a "priority" -d 'Says which of your jobs goes first: 1 is last, 9 is first, 5 if not said'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from jobs" -f -a "save" -d 'Writes the results that are here into a folder of this computer'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from jobs" -f -a "results" -d 'Lists results of a job, in order of units'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from compute" -f -a "on" -d 'Lets this computer work for your webs when nobody uses it'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from compute" -f -a "off" -d 'Ends working for others; what runs is given back'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from compute" -f -a "mode" -d 'Says when this computer works for your webs, for good or for some hours'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from compute" -f -a "limits" -d 'Says how much of this computer work may take, apart for when it is used and when it is idle'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from compute" -f -a "show" -d 'Shows what this computer does for others now, and why it pauses'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from compute" -f -a "capacity" -d 'Shows what the computers of a web could do together, as each has measured it'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from compute" -f -a "people" -d 'Shows who gave processor time and who used it; only checked work counts'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from compute" -f -a "evidence" -d 'Shows who gave wrong results, with what was signed'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from compute" -f -a "trust-again" -d 'Gives work of yours again to a person who once gave wrong results'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from tunnel" -f -a "offer" -d 'Offers a TCP service of this computer to people of a web'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from tunnel" -f -a "withdraw" -d 'Takes a tunnel of this computer back at once: connections under way end'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from tunnel" -f -a "open" -d 'Opens a tunnel of another at a port of this computer, until it is closed'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from tunnel" -f -a "close" -d 'Closes a tunnel on this computer: nothing listens there any more'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from tunnel" -f -a "list" -d 'Lists tunnels that are offered to you, that you offer, and that are open here'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from tunnel" -f -a "log" -d 'Shows who used tunnels of this computer, newest first'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from agent" -f -a "list" -d 'Lists the agents of your webs, and what each may do'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from agent" -f -a "show" -d 'Shows an agent: what it may do, what it has used up, and how it is'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from agent" -f -a "log" -d 'Shows each run of an agent on this computer, newest first: what it was run for, what it did, and what it was refused'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from agent" -f -a "notices" -d 'Lists what agents told you, newest first'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from agent" -f -a "admit" -d 'Admits a program to a web as an agent, or changes one; admins only'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from agent" -f -a "stop" -d 'Stops an agent for everybody in its web; admins only'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from agent" -f -a "start" -d 'Starts an agent again: for its web if it was stopped there, on this computer if it had failed too often'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from agent" -f -a "switch" -d 'Switches all agents of this computer on or off, or one'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from agent" -f -a "try" -d 'Runs an agent, or a program that is none yet, for one event, and shows what it would do. Nothing of it is done'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from net" -f -a "lan" -d 'Switches finding others on the local network (mDNS) on or off'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from net" -f -a "dht" -d 'Switches finding members in the BitTorrent DHT on or off, for when all known addresses have changed'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from words" -f -a "show" -d 'Shows your 24 recovery words, until you have written them down'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from words" -f -a "check" -d 'Says three of your recovery words, so that this computer can forget them; new ones count from then on'
complete -c althing -n "__fish_althing_using_subcommand help; and __fish_seen_subcommand_from words" -f -a "new" -d 'Takes new recovery words in place of the old ones, for which it asks, on the terminal or from a pipe'
