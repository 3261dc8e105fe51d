// The built-in rules of Althing. Own work, MIT OR Apache-2.0.
//
// "harmful": nobody makes such a file by accident or for a good purpose; a file is held for it.
// "odd": worth a look; there are innocent ones.
// Rules look at small files, or at the beginning of large ones, or at names: most files cost one pass.
// Many texts are written as expressions with a class in them, so that this file does not meet its own rules.

import "pe"

// ---- The file that every scanner must find ----

rule eicar_test_file {
    meta:
        description = "The test file that all virus scanners find; harmless itself"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $begin = "X5O!P%@AP[4\\PZX54(P^)"
        $end = "STANDARD-ANTIVIRUS-TEST-FILE"
    condition:
        filesize >= 68 and filesize <= 128 and $begin at 0 and $end in (28..40)
}

// ---- Names ----

rule name_with_two_endings {
    meta:
        description = "The name pretends to be a document but ends like a program"
        severity = "odd"
        licence = "MIT OR Apache-2.0"
    condition:
        filename matches /\.(pdf|docx?|xlsx?|pptx?|odt|ods|rtf|txt|csv|jpe?g|png|gif|bmp|mp3|mp4|avi|mkv|mov|zip|html?|eml)[ _]*\.(exe|scr|pif|com|bat|cmd|vbs|vbe|jse|wsf|wsh|hta|lnk|cpl|ps1)$/i
}

rule name_turned_around {
    meta:
        description = "A hidden sign in the name turns its end around, so that a program looks like a document"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    condition:
        filename contains "\xe2\x80\xae" and
        filename matches /\.(exe|scr|pif|com|bat|cmd|vbs|vbe|js|jse|wsf|wsh|hta|lnk|cpl|ps1|msi|jar|desktop|sh)$/i
}

rule name_with_turning_sign {
    meta:
        description = "A hidden sign in the name turns a part of it around"
        severity = "odd"
        licence = "MIT OR Apache-2.0"
    condition:
        filename contains "\xe2\x80\xae" or filename contains "\xe2\x80\xad"
}

rule name_with_many_blanks {
    meta:
        description = "Many blanks push the real ending of the name out of sight"
        severity = "odd"
        licence = "MIT OR Apache-2.0"
    condition:
        filename matches /[ \t]{6,}\.?(exe|scr|pif|com|bat|cmd|vbs|vbe|js|jse|wsf|wsh|hta|lnk|cpl|ps1)$/i or
        filename matches /[ \t]{6,}[^ ]{0,40}\.(exe|scr|pif|com|bat|cmd|vbs|vbe|jse|wsf|wsh|hta|lnk|cpl|ps1)$/i
}

rule mail_with_program {
    meta:
        description = "A program is attached to a mail"
        severity = "odd"
        licence = "MIT OR Apache-2.0"
    condition:
        (container == "mail" or filepath contains ".eml/") and
        filename matches /\.(exe|scr|pif|com|bat|cmd|vbs|vbe|js|jse|wsf|wsh|hta|lnk|cpl|ps1|msi|jar|iso|img|vhd|desktop)$/i
}

// ---- Programs that pretend to be something else ----

rule program_with_document_name {
    meta:
        description = "A program for Windows, named like a document or picture"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    condition:
        uint16(0) == 0x5a4d and uint32(uint32(0x3c)) == 0x4550 and
        filename matches /\.(pdf|docx?|xlsx?|pptx?|odt|ods|rtf|jpe?g|png|gif|bmp|mp3|mp4|avi|mkv|mov)[ _]*(\.(exe|scr|pif|com))?$/i
}

rule program_behind_blanks {
    meta:
        description = "A program for Windows whose name hides its ending behind blanks"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    condition:
        uint16(0) == 0x5a4d and uint32(uint32(0x3c)) == 0x4550 and
        filename matches /\.[a-z0-9]{2,4}[ \t]{6,}[^ ]{0,40}\.(exe|scr|pif|com|cpl)$/i
}

rule elf_with_document_name {
    meta:
        description = "A program for Linux, named like a document or picture"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    condition:
        uint32(0) == 0x464c457f and uint8(4) >= 1 and uint8(4) <= 2 and
        filename matches /\.(pdf|docx?|xlsx?|pptx?|odt|ods|rtf|jpe?g|png|gif|bmp|mp3|mp4|avi|mkv|mov)$/i
}

rule text_with_picture_name {
    meta:
        description = "A script or page, named like a picture"
        severity = "odd"
        licence = "MIT OR Apache-2.0"
    strings:
        $php = /<\?ph[p][ \r\n\t]/ nocase
        $page = /<(script|html|!doctype html|hta:application)[ >]/ nocase
        $shell = /#!\/(usr\/)?bin\/[a-z]/
    condition:
        filesize < 1MB and ($php in (0..64) or $page in (0..64) or $shell at 0) and
        filename matches /\.(jpe?g|png|gif|bmp|ico|mp3|mp4|pdf)$/i
}

rule packed_program {
    meta:
        description = "A packed program: what it does cannot be seen in it"
        severity = "odd"
        licence = "MIT OR Apache-2.0"
    strings:
        $upx = { 55 50 58 21 }
        $elf_note = "$Info: This file is packed with the UPX"
    condition:
        (pe.is_pe and for any section in pe.sections : (
            section.name == "UPX0" or section.name == "UPX1" or section.name == ".aspack" or
            section.name == ".themida" or section.name == ".vmp0" or section.name == ".MPRESS1" or
            section.name == ".petite" or section.name == ".enigma1"
        )) or
        (uint32(0) == 0x464c457f and $upx in (0..4096) and $elf_note)
}

// ---- Scripts ----

rule script_mails_itself {
    meta:
        description = "A script that mails itself to everybody in the address book, as ILOVEYOU did"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $outlook = /outlook\.applicatio[n]/ nocase
        $mapi = /getnamespace[ \t]*\([ \t]*["']map[i]["']/ nocase
        $people1 = /addresslist[s]/ nocase
        $people2 = /addressentrie[s]/ nocase
        $attach = /attachment[s]\.add/ nocase
        $send = /\.sen[d]([ \t\r\n;:(]|$)/ nocase
        $self1 = /wscript\.scriptfullnam[e]/ nocase
        $self2 = /getspecialfolder[ \t]*\(/ nocase
        $create = /(createobject|activexobject)[ \t]*\(/ nocase
    condition:
        filesize < 256KB and $create and $outlook and $attach and $send and
        ($people1 or $people2 or $mapi) and ($self1 or $self2)
}

rule script_copies_itself {
    meta:
        description = "A script that copies itself to where it is started again, or over other files"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $self = /wscript\.scriptfullnam[e]/ nocase
        $copy = /(copyfile|\.cop[y])[ \t]*\(?/ nocase
        $start1 = /currentversion\\ru[n]/ nocase
        $start2 = /specialfolders[ \t]*\([ \t]*["']startu[p]["']/ nocase
        $start3 = /\\start menu\\programs\\startu[p]/ nocase
        $write = /\.regwrit[e]/ nocase
        $drives = /\.drivetyp[e]/ nocase
        $files = /for[ \t]+each[^\r\n]{1,60}\.file[s]/ nocase
    condition:
        filesize < 256KB and $self and $copy and
        ((($start1 and $write) or $start2 or $start3) or ($drives and $files))
}

rule batch_copies_itself {
    meta:
        description = "A batch file that copies itself to where it is started again, or onto other drives"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $self = /(copy|xcopy)[ \t]+(\/[a-z][ \t]+)*["']?%(~[a-z]*)?0["']?[ \t]/ nocase
        $start1 = /reg(\.exe)?[ \t]+add[^\r\n]{1,80}currentversion\\ru[n]/ nocase
        $start2 = /\\programs\\startu[p]/ nocase
        $auto = /autorun\.in[f]/ nocase
        $every = /for[ \t]+(\/r[ \t]+)?%%[a-z][ \t]+in[ \t]+\([c-z][ :]/ nocase
    condition:
        filesize < 128KB and $self and ($start1 or $start2 or $auto or $every)
}

rule shell_script_spreads {
    meta:
        description = "A shell script that copies itself to other computers or into what starts by itself"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $shebang = "#!"
        $scp = /scp[ \t][^\r\n]{0,80}["']?\$(0|\{0\}|BASH_SOURCE)["']?[ \t][^\r\n]{0,80}@/
        $hosts = /known_host[s]|\/etc\/hosts/
        $loop = /for[ \t]+[a-z_]+[ \t]+in[ \t]/ nocase
        $start1 = /(cp|cat)[ \t]+["']?\$(0|\{0\})["']?[ \t>]+[^\r\n]{0,60}(\/etc\/cron|\/etc\/init\.d|\.config\/autostart|\.bashrc|\/etc\/rc\.loca[l])/
    condition:
        filesize < 128KB and $shebang at 0 and (($scp and $hosts and $loop) or $start1)
}

rule script_fetches_and_runs {
    meta:
        description = "A script that fetches a program from the web, writes it to the disk and starts it"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $create = /(createobject|activexobject)[ \t]*\(/ nocase
        $fetch = /(msxml2\.(server)?xmlhttp|winhttp\.winhttpreques[t]|microsoft\.xmlhttp)/ nocase
        $stream = /adodb\.strea[m]/ nocase
        $save = /\.savetofil[e]/ nocase
        $shell = /(wscript\.shel[l]|shell\.applicatio[n])/ nocase
        $run = /\.(run|exec|shellexecute)[ \t]*[( "']/ nocase
    condition:
        filesize < 256KB and all of them
}

rule page_program_starts_hidden {
    meta:
        description = "A page that runs as a program, without a window, and starts others"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $hta = /<hta:applicatio[n]/ nocase
        $hide1 = /windowstate[ \t]*=[ \t]*["']?minimiz[e]/ nocase
        $hide2 = /showintaskbar[ \t]*=[ \t]*["']?n[o]/ nocase
        $hide3 = /window\.(resizeto|moveto)[ \t]*\(?[ \t]*(0|1|-[0-9]{3,})[ \t]*,[ \t]*(0|1|-[0-9]{3,})/ nocase
        $shell = /(wscript\.shel[l]|shell\.applicatio[n])/ nocase
        $start = /(powershel[l]|cmd(\.exe)?[ \t]+\/[ck]|mshta|certutil|bitsadmin|rundll3[2])/ nocase
    condition:
        filesize < 1MB and $hta and $shell and $start and any of ($hide*)
}

rule page_program {
    meta:
        description = "A page that runs as a program, with all rights of who opens it"
        severity = "odd"
        licence = "MIT OR Apache-2.0"
    strings:
        $hta = /<hta:applicatio[n]/ nocase
        $shell = /(wscript\.shel[l]|shell\.applicatio[n])/ nocase
    condition:
        filesize < 1MB and $hta and $shell
}

rule powershell_encoded_and_hidden {
    meta:
        description = "Starts PowerShell without a window, with commands nobody can read"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $start = /powershell(\.exe)?["']?[ \t][^\r\n]{0,200}[ \t][-\/]e(nc|c|ncodedcommand)?[ \t]+["']?[A-Za-z0-9+\/]{160,}/ nocase ascii wide
        $hidden = /[ \t][-\/]w(in|indow|indowstyle)?[ \t]+["']?(hidden|1)[ \t"']/ nocase ascii wide
    condition:
        filesize < 1MB and $start and $hidden
}

rule powershell_encoded {
    meta:
        description = "Starts PowerShell with commands nobody can read"
        severity = "odd"
        licence = "MIT OR Apache-2.0"
    strings:
        $start = /powershell(\.exe)?["']?[ \t][^\r\n]{0,200}[ \t]?[-\/]e(nc|c|ncodedcommand)?[ \t]+["']?[A-Za-z0-9+\/]{160,}/ nocase ascii wide
    condition:
        filesize < 1MB and $start
}

rule powershell_fetches_hidden {
    meta:
        description = "Starts PowerShell without a window, to fetch commands from the web and run them"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $start = /powershell(\.exe)?["']?[ \t][^\r\n]{0,160}[-\/]w(in|indow|indowstyle)?[ \t]+["']?(hidden|1)[ \t"'][^\r\n]{0,400}(downloadstrin[g]|downloadfil[e]|invoke-webreques[t]|[ (|]iw[r][ (]|[ (|]ir[m][ (]|start-bitstransfe[r])[^\r\n]{0,400}/ nocase ascii wide
        $run = /(invoke-expressio[n]|[ (|;"']ie[x][ ('"$&]|\|[ \t]*ie[x]|start-proces[s])/ nocase ascii wide
    condition:
        filesize < 1MB and $start and $run
}

rule powershell_loads_program_from_text {
    meta:
        description = "A script that holds a whole program as text and loads it into memory"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $decode = /frombase64strin[g]/ nocase
        $load = /reflection\.assembly\][ \t]*::[ \t]*loa[d][ \t]*\(/ nocase
        $program = /TVqQAAMAAAAEAAA[A]/
        $packed = /H4sIA[A-Za-z0-9+\/]{400,}/
    condition:
        filesize < 16MB and $decode and $load and ($program or $packed)
}

rule batch_makes_program_from_text {
    meta:
        description = "A batch file that makes a program out of text and starts it"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $decode = /certutil(\.exe)?[ \t]+[^\r\n]{0,20}[-\/]decod[e]/ nocase
        $program = /TVqQAAMAAAAEAAA[A]/
    condition:
        filesize < 16MB and $decode and $program
}

rule script_deletes_backups {
    meta:
        description = "A script or program that deletes this computer's backups, as ransomware does before it begins"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $shadows1 = /vssadmin(\.exe)?["']?[ \t]+delete[ \t]+shadow[s]/ nocase ascii wide
        $shadows2 = /wmic(\.exe)?["']?[ \t]+shadowcopy[ \t]+delet[e]/ nocase ascii wide
        $catalog = /wbadmin(\.exe)?["']?[ \t]+delete[ \t]+(catalo[g]|systemstatebacku[p])/ nocase ascii wide
        $recovery = /bcdedit(\.exe)?["']?[ \t][^\r\n]{0,40}(recoveryenabled["']?[ \t]+["']?n[o]|bootstatuspolicy[ \t]+ignoreallfailure[s])/ nocase ascii wide
    condition:
        filesize < 16MB and 2 of them and
        ((uint16(0) == 0x5a4d and pe.is_pe) or filename matches /\.(bat|cmd|ps1|vbs|vbe|js|jse|wsf|hta|lnk)$/i)
}

rule web_shell {
    meta:
        description = "A page that lets anybody run commands on a web server"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $php = /<\?(ph[p]|=)/ nocase
        $run = /(eval|assert|system|passthru|shell_exec|popen|proc_open)[ \t]*\([ \t]*@?(base64_decode[ \t]*\([ \t]*|gzinflate[ \t]*\([ \t]*|str_rot13[ \t]*\([ \t]*|stripslashes[ \t]*\([ \t]*)*\$_(POS[T]|GE[T]|REQUES[T]|COOKI[E])[ \t]*\[/ nocase
    condition:
        filesize < 64KB and $php in (0..512) and $run
}

rule reverse_shell {
    meta:
        description = "A script that opens a shell of this computer to another one"
        severity = "odd"
        licence = "MIT OR Apache-2.0"
    strings:
        $bash = /(ba)?sh[ \t]+-i[ \t]+>?&[ \t]*\/dev\/tc[p]\/[0-9a-z.]+\/[0-9]+/
        $netcat = /(nc|ncat|netcat)[ \t]+[^\r\n]{0,60}-[a-z]*e[ \t]+\/bin\/(ba)?s[h]/
        $pipe = /mkfifo[ \t]+[^\r\n]{1,60}\|[ \t]*\/bin\/(ba)?sh[ \t]+-i[^\r\n]{1,40}\|[ \t]*(nc|telne[t])/
        $python = /os\.dup2\([a-z]+\.fileno\(\),[ \t]*0\)[^\r\n]{0,200}(pty\.spawn|subprocess\.cal[l])/
    condition:
        filesize < 256KB and any of them
}

rule starter_runs_from_the_web {
    meta:
        description = "A starter for the desktop that fetches something from the web and runs it"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $desktop = "[Desktop Entry]"
        $fetch = /\nExec[ \t]*=[^\r\n]{0,200}(curl|wget)[ \t][^\r\n]{0,300}(\|[ \t]*(ba|da|z)?s[h]|chmod[ \t]+\+?[0-9x]+)/
        $decode = /\nExec[ \t]*=[^\r\n]{0,300}base64[ \t]+(-d|--decode)[^\r\n]{0,100}\|[ \t]*(ba|da|z)?s[h]/
    condition:
        filesize < 64KB and $desktop in (0..2048) and ($fetch or $decode)
}

rule cron_fetches_and_runs {
    meta:
        description = "A script that has this computer fetch and run something from the web again and again"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $add = /echo[ \t][^\r\n]{0,40}\*[ \t]+\*[ \t]+\*[^\r\n]{0,200}(curl|wget)[ \t][^\r\n]{0,200}\|[ \t]*(ba|da)?s[h][^\r\n]{0,60}(\|[ \t]*cronta[b]|\/etc\/cron|\/var\/spool\/cro[n])/
    condition:
        filesize < 128KB and $add
}

// ---- Documents ----

rule macro_starts_by_itself_and_runs_programs {
    meta:
        description = "A macro that starts when the document is opened, and starts other programs"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $module = "Attribute VB_Name"
        $auto = /(sub|function)[ \t]+(auto_?open|auto_?exec|auto_?close|document_open|document_close|workbook_open|workbook_activate)[ \t]*\(/ nocase
        $shell1 = /[ \t=(]shell[ \t]*[( ]/ nocase
        $shell2 = /wscript\.shel[l]/ nocase
        $shell3 = /shell\.applicatio[n]/ nocase
        $shell4 = /win32_proces[s]/ nocase
        $what1 = /powershel[l]/ nocase
        $what2 = /cmd(\.exe)?[ \t]+\/[ck]/ nocase
        $what3 = /(mshta|certutil|bitsadmin|regsvr32|rundll32|wscript\.exe|cscript)[ .]/ nocase
        $what4 = /urldownloadtofil[e]/ nocase
        $what5 = /(msxml2\.(server)?xmlhttp|winhttp\.winhttpreques[t]|microsoft\.xmlhttp)/ nocase
        $what6 = /environ\$?[ \t]*\([ \t]*"(temp|appdata|tmp|public)"/ nocase
    condition:
        container == "macros" and $module in (0..64) and $auto and any of ($shell*) and any of ($what*)
}

rule macro_starts_by_itself {
    meta:
        description = "A macro that starts when the document is opened"
        severity = "odd"
        licence = "MIT OR Apache-2.0"
    strings:
        $module = "Attribute VB_Name"
        $auto = /(sub|function)[ \t]+(auto_?open|auto_?exec|document_open|workbook_open)[ \t]*\(/ nocase
    condition:
        container == "macros" and $module in (0..64) and $auto
}

rule macro_mails_itself {
    meta:
        description = "A macro that mails the document to people in the address book, as Melissa did"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $outlook = /outlook\.applicatio[n]/ nocase
        $people = /address(list|entrie)[s]/ nocase
        $attach = /attachment[s]\.add[ \t]+\(?(activedocument|thisworkbook|activeworkbook)\.(fullname|path)/ nocase
        $send = /\.sen[d]/ nocase
    condition:
        container == "macros" and all of them
}

rule document_starts_program_by_field {
    meta:
        description = "A document whose field starts a program when it is opened"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $field = /DDE(AUT[O])?[ \t"]{1,8}[^<]{0,80}(\\\\system32\\\\|cmd(\.exe)?|powershel[l]|mshta)/ nocase
        $word = "<w:instrText"
    condition:
        filesize < 16MB and $field and $word and container == "zip"
}

rule document_fetches_template {
    meta:
        description = "A document that fetches a part of itself from the web when it is opened"
        severity = "odd"
        licence = "MIT OR Apache-2.0"
    strings:
        $template = /relationships\/attachedTemplat[e]"[^>]{0,200}Target="https?:/ nocase
        $object = /relationships\/oleObjec[t]"[^>]{0,200}Target="(https?|mhtml|file):/ nocase
        $frame = /relationships\/fram[e]"[^>]{0,200}Target="https?:/ nocase
    condition:
        filesize < 1MB and container == "zip" and any of them
}

rule rtf_with_hidden_program {
    meta:
        description = "A text document that unpacks a program when it is opened"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $object = "\\objdata"
        $update = "\\objupdate"
        $package = /5061636b61676[5]/ nocase
        $ending = /2e(657865|736372|766273|6a73|686461|62617[4])00/ nocase
    condition:
        uint32(0) == 0x74725c7b and $object and $update and $package and $ending
}

rule rtf_with_equation_object {
    meta:
        description = "A text document with an object of the old equation editor, through which many break in"
        severity = "odd"
        licence = "MIT OR Apache-2.0"
    strings:
        $object = "\\objdata"
        $equation1 = /4571756174696f6e2e[33]/ nocase
        $equation2 = /02ce0200000000[0]0c00000000000004[6]/ nocase
    condition:
        uint32(0) == 0x74725c7b and $object and ($equation1 or $equation2)
}

rule pdf_starts_program {
    meta:
        description = "A PDF that starts a program of this computer"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $pdf = "%PDF-"
        $launch = /\/S[ \t\r\n]*\/Launc[h][^%]{0,200}\/(F|Win)[ \t\r\n]*(<<[^>]{0,100}\/F[ \t\r\n]*)?\([^)]{0,100}(cmd(\.exe)?|powershel[l]|mshta|wscript|cscript|rundll32|\.ex[e]|\.sc[r]|\.ba[t]|\/bin\/(ba)?s[h])/ nocase
    condition:
        ($pdf in (0..1024) or container == "pdf") and $launch
}

rule pdf_launches {
    meta:
        description = "A PDF that opens another file or program"
        severity = "odd"
        licence = "MIT OR Apache-2.0"
    strings:
        $pdf = "%PDF-"
        $launch = /\/S[ \t\r\n]*\/Launc[h]/
    condition:
        ($pdf in (0..1024) or container == "pdf") and $launch
}

rule pdf_script_starts_by_itself {
    meta:
        description = "A PDF with a script that starts when it is opened"
        severity = "odd"
        licence = "MIT OR Apache-2.0"
    strings:
        $pdf = "%PDF-"
        $open = /\/OpenActio[n][ \t\r\n]*<<[^>]{0,80}\/JavaScrip[t]/
        $embed = /exportDataObjec[t][ \t]*\(/
    condition:
        ($pdf in (0..1024) or container == "pdf") and ($open or $embed)
}

rule page_smuggles_program {
    meta:
        description = "A page that builds a program out of text and hands it to who looks at it"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $program = /["'`]TVqQAA[A-Za-z0-9+\/]{200}/
        $decode = /(atob|frombase6[4])[ \t]*\(/ nocase
        $blob = /new[ \t]+blob[ \t]*\(/ nocase
        $give1 = /mssaveoropenblo[b]/ nocase
        $give2 = /\.downloa[d][ \t]*=/ nocase
        $give3 = /createobjectur[l]/ nocase
        $page = /<(html|script|svg|!doctype)/ nocase
    condition:
        $page in (0..4096) and $program and $decode and $blob and any of ($give*)
}

rule page_smuggles_archive {
    meta:
        description = "A page that builds an archive or disk image out of text and hands it to who looks at it"
        severity = "odd"
        licence = "MIT OR Apache-2.0"
    strings:
        $archive = /["'`](UEsDB[A-Za-z0-9+\/]{400}|UmFyIR[A-Za-z0-9+\/]{400}|N3q8rycc[A-Za-z0-9+\/]{400})/
        $decode = /atob[ \t]*\(/ nocase
        $blob = /new[ \t]+blob[ \t]*\(/ nocase
        $click = /\.click[ \t]*\(\)/ nocase
        $page = /<(html|script|svg|!doctype)/ nocase
    condition:
        $page in (0..4096) and all of them
}

// ---- Links ----

rule link_starts_hidden_program {
    meta:
        description = "A link that starts a command without a window, or one that fetches from the web"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $shell = /(powershel[l]|mshta|cmd\.ex[e]|wscript|cscript|rundll32|regsvr32|bitsadmin|certutil)/ nocase ascii wide
        $hide = /[-\/]w(in|indow|indowstyle)?[ \t]+["']?(hidden|1[ "'])/ nocase ascii wide
        $encoded = /[ \t][-\/]e(nc|c|ncodedcommand)?[ \t]+["']?[A-Za-z0-9+\/]{40,}/ nocase ascii wide
        $web = /(https?|ftp):\/\//  nocase ascii wide
        $script = /(javascrip[t]|vbscrip[t]):/ nocase ascii wide
        $fetch = /(downloadstrin[g]|downloadfil[e]|invoke-webreques[t]|[ (|]iw[r][ (]|urlcach[e])/ nocase ascii wide
    condition:
        uint32(0) == 0x4c and uint32(4) == 0x00021401 and filesize < 4MB and $shell and
        ($hide or $encoded or $script or $fetch or ($web and uint32(0x3c) == 7))
}

rule link_starts_command {
    meta:
        description = "A link that starts a command instead of opening a file"
        severity = "odd"
        licence = "MIT OR Apache-2.0"
    strings:
        $shell = /(powershel[l]|mshta|cmd\.exe|wscript|cscript|rundll32|regsvr32)/ nocase ascii wide
    condition:
        uint32(0) == 0x4c and uint32(4) == 0x00021401 and filesize < 4MB and $shell
}

rule web_link_starts_program {
    meta:
        description = "A link to the web that starts a program of another computer"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $link = /\[InternetShortcu[t]\]/ nocase
        $far = /\nURL[ \t]*=[ \t]*["']?file:\/{2,5}[^\r\n]{1,200}\.(exe|scr|pif|com|bat|cmd|vbs|js|jse|wsf|hta|lnk|cpl|ps1|msi|url|zip)/ nocase
        $share = /\nURL[ \t]*=[ \t]*["']?(file:)?\/{0,4}\\\\[^\r\n]{1,200}\.(exe|scr|pif|com|bat|cmd|vbs|js|jse|wsf|hta|lnk|cpl|ps1|msi)/ nocase
    condition:
        filesize < 16KB and $link in (0..512) and ($far or $share)
}

rule autorun_starts_program {
    meta:
        description = "Starts a program when a disk is put in"
        severity = "odd"
        licence = "MIT OR Apache-2.0"
    strings:
        $autorun = /\[autoru[n]\]/ nocase
        $open = /\n(open|shellexecute|shell\\[a-z]+\\command)[ \t]*=[^\r\n]{1,200}\.(exe|scr|pif|com|bat|cmd|vbs|js|wsf)/ nocase
    condition:
        filesize < 64KB and $autorun in (0..512) and $open
}

// ---- After the fact ----

rule ransom_note {
    meta:
        description = "A letter that demands money for files that were made unreadable"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $files = /(all|your)[ \t\r\n]+(of[ \t\r\n]+)?(your[ \t\r\n]+)?(important[ \t\r\n]+)?(files|documents|data)[^.\r\n]{0,60}(have[ \t\r\n]+been|has[ \t\r\n]+been|are|were)[ \t\r\n]+(now[ \t\r\n]+)?(encrypte[d]|locke[d])/ nocase ascii wide
        $back = /(restore|recover|decrypt|get[ \t\r\n]+back)[ \t\r\n]+(all[ \t\r\n]+)?(of[ \t\r\n]+)?(your|the)[ \t\r\n]+(files|data|documents)/ nocase ascii wide
        $warn = /(do[ \t\r\n]+not|don'?t)[ \t\r\n]+(try[ \t\r\n]+to[ \t\r\n]+)?(rename|modify|delete|decrypt|turn[ \t\r\n]+off|shut)/ nocase ascii wide
        $money = /(bitcoin|monero|btc|xmr)[ \t\r\n]/ nocase ascii wide
        $onion = /[a-z2-7]{56}\.onio[n]|[a-z2-7]{16}\.onio[n]/ nocase ascii wide
        $wallet = /[^a-zA-Z0-9](bc1[a-z0-9]{38,58}|[13][a-km-zA-HJ-NP-Z1-9]{33})[^a-zA-Z0-9]/ ascii wide
        $browser = /tor[ \t\r\n]+browse[r]/ nocase ascii wide
        $price = /(price|pay|payment)[ \t\r\n]/ nocase ascii wide
    condition:
        filesize < 32KB and $files and $back and $warn and ($onion or $wallet) and 2 of ($money, $browser, $price)
}

rule ransom_words {
    meta:
        description = "Reads like a letter that demands money for files that were made unreadable"
        severity = "odd"
        licence = "MIT OR Apache-2.0"
    strings:
        $files = /(all|your)[ \t\r\n]+(of[ \t\r\n]+)?(your[ \t\r\n]+)?(important[ \t\r\n]+)?(files|documents|data)[^.\r\n]{0,60}(have[ \t\r\n]+been|has[ \t\r\n]+been|are|were)[ \t\r\n]+(now[ \t\r\n]+)?(encrypte[d]|locke[d])/ nocase ascii wide
        $back = /(restore|recover|decrypt|get[ \t\r\n]+back)[ \t\r\n]+(all[ \t\r\n]+)?(of[ \t\r\n]+)?(your|the)[ \t\r\n]+(files|data|documents)/ nocase ascii wide
        $money = /(bitcoin|monero|btc|xmr|tor[ \t]+browse[r])/ nocase ascii wide
    condition:
        filesize < 32KB and all of them
}

rule miner_settings {
    meta:
        description = "Settings of a program that makes money with other people's processors"
        severity = "odd"
        licence = "MIT OR Apache-2.0"
    strings:
        $pool = /stratum\+(tcp|ssl):\/\/[a-z0-9.-]{4,80}:[0-9]{2,5}/ nocase
        $wallet = /["'](user|wallet|pool_address)["'][ \t]*:[ \t]*["'][a-zA-Z0-9.]{20,120}["']/
    condition:
        filesize < 256KB and $pool and $wallet
}
