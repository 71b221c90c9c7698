"""Signs that a text gives orders it has no right to: overriding, extracting, making the answer carry something."""

from __future__ import annotations

from qwen_router.classify.attack.evidence import evidence

_KIND = "prompt_injection"
_DROP = (
    r"(?:ignor\w+|disregard\w*|forget|override|overrid\w+|bypass|neglect|discard|dismiss|drop|skip|cancel|erase|void|"
    r"overlook|(?:do not|don'?t|stop) (?:follow\w*|obey\w*|listen\w*))"
)
_ORDERS = (
    r"(?:instructions?|prompts?|directives?|directions?|orders|commands?|guidelines|rules|programming|restrictions|"
    r"guardrails|constraints|protocols?|tasks?|assignments?|requests|messages?|context|text|told|"
    r"training|said|policies)"
)
_EARLIER = (
    r"(?:previous(?:ly)?|prior|pre-?existing|above|all|any|every\w*|earlier|preceding|initial|original|"
    r"former|foregoing|past|your|"
    r"existing|current|the system|these|those|other|safety|everything|what)"
)
_PROMPT = (
    r"(?:(?<!\ba )(?<!\bgood )system (?:prompt|message|instructions?|text)(?! (?:that|on|for)\b)|"
    r"sys[ _]?(?:prompt|msg)|(?:initial|original|hidden|secret|first|exact|starting|"
    r"full|entire|previous|above|own|base|custom|internal|developer) "
    r"(?:system )?(?:prompt|instructions?|message|rules|guidelines|directions|configuration)|"
    r"your (?:own )?(?:system |initial |exact |full |entire |internal |hidden |secret |original |complete )*"
    r"(?:prompts?|instructions?|configuration|guidelines|directives?|programming|unique id|secrets?|api keys?|rules)|"
    r"(?:text|words?|sentences?|messages?|everything|lines?|content|instructions?|prompt|conversation) (?:that (?:is|"
    r"was|came|appears) )?"
    r"(?:above|before this)|"
    r"(?:prompt|instructions?|message|rules)(?: that| which)? (?:you were|you have been|you've been|were) given|"
    r"what you see above|beginning (?:of|with|from) ['\"“”]?you are)"
)
_SHOW = (
    r"(?:repeat|print|reveal|show|output|display|tell|share|give|return|write|send|recite|paste|"
    r"leak|expose|dump|disclose|state|"
    r"provide|what (?:is|are|was|were)|what'?s|summari[sz]e|translate|list|copy|read|echo|encode|"
    r"spell|go line by line|begin|start)"
)
_CODE = r"(?:code|script|payload|snippet|command)"

INJECTION = (
    evidence(
        "overrides instructions",
        _KIND,
        5.0,
        rf"\b{_DROP}~5{_EARLIER}~4{_ORDERS}\b|\b{_DROP}~2(?:instructions|the (?:above|rules|prompt)|everything (?:above|"
        rf"before|you|i|that))\b"
        r"|\bregardless of~3(?:previous|prior|any|pre-?existing|earlier|your)~3(?:input|instructions?|"
        r"guidelines|rules|restrictions|orders)\b"
        r"|\b(?:instead of|rather than) (?:the|your) (?:previous|original|above|earlier|initial) (?:instructions?|"
        r"tasks?|prompts?)\b",
        "ignore ignoring ignored ignores disregard disregarding forget override overriding overrides "
        "bypass neglect discard dismiss "
        "drop skip cancel erase void overlook not don stop regardless instead rather",
    ),
    evidence(
        "announces new instructions",
        _KIND,
        3.2,
        r"\b(?:new|updated|revised|important|real|actual|following|urgent|additional|admin\w*|final|secret)(?: \w+)? "
        r"(?:instructions?|directives?|orders|commands)\b(?=\s*(?:\W{1,4}|come|are|is|follow|from|for you)?\s*(?:[:\n*.=-]|"
        r"$|come|are|is|follow|for you))"
        r"|[*=#\[!<]{1,6} ?(?:new|important|urgent|priority|emergency|system|admin\w*|override|attention)\b[^\n]{0,40}[*=#\]!>:]"
        r"|\b(?:priority|urgent|critical|mandatory|special) (?:task|case|instruction|override|order|"
        r"directive)s?\b ?:?"
        r"|\bsystem (?:override|malfunction|alert|update|notice|command|reboot|instruction)\b"
        r"|\b(?:nevermind|never mind|stop everything|hold on|scratch that|wait, actually)\b~6(?:just |"
        r"instead |please )*"
        r"(?:print|say|output|write|respond|ignore|tell|repeat|give)\b"
        r"|\bnew instructions\b|(?:^|\n)\*\* ?[^*\n]{4,40} ?\*\* please\b|\b(?:the )?mission, "
        r"should you\b|\b(?:stop|drop|forget) everything\b|\benable~2(?:experimental|debug\w*|developer)\b|"
        r"\bexperimental (?:procedure|features?|mode)\b",
        "new updated revised important real actual following urgent additional admin administrator final secret & "
        "instructions instruction directive directives orders commands | new important urgent priority emergency "
        "system admin administrator override attention & instructions instruction task case order override "
        "directive malfunction alert update notice command reboot urgent important emergency please attention "
        "system | priority urgent critical mandatory special & task tasks case instruction instructions override "
        "order orders directive directives cases | nevermind never stop hold scratch wait & print say output write "
        "respond ignore tell repeat give everything mind | mission enable experimental | drop forget & everything",
    ),
    evidence(
        "shouts a heading",
        _KIND,
        2.2,
        r"\*\*\* ?[^*\n]{6,60}\*\*\*",
    ),
    evidence(
        "asks for hidden instructions",
        _KIND,
        4.0,
        rf"\b{_SHOW}~7{_PROMPT}"
        r"|\b(?:what|which)~4(?:instructions|rules|prompt|guidelines)~3(?:were you|you were|have you been|"
        r"did you)(?: \w+)? (?:given|told|get|receive\w*)\b"
        r"|\bwhat were you told\b|\byour (?:unique|secret|internal) (?:id|identifier|key|token|password|"
        r"configuration)\b"
        r"|\b(?:secret|admin|access|hidden|confidential)[ -]?(?:key|password|passphrase|code|token)\b~6(?:were|"
        r"was|you|system|given|told|know|protect)",
        "prompt prompts instructions instruction configuration guidelines directives programming id "
        "secret secrets keys key rules above "
        "given told before password token message messages sysprompt",
    ),
    evidence(
        "orders an exact output",
        _KIND,
        1.8,
        r"\b(?:just|only|simply|instead|must|now|immediately|insted)~2(?:print|say|output|respond with|"
        r"reply with|repeat|write|answer with|return|display)"
        r" [\"'“‘«`]|\b(?:just|only) (?:print|say|output)\b|\bexactly as (?:it is|is|shown|written|given)\b"
        r"|\b(?:response|answer|reply|output|summary)~4(?:must|should|has to|needs to) (?:start|begin|"
        r"end|contain|include)\b|\band (?:only|nothing but) this\b|\bno matter what\b|\bwith no further context\b",
        "just only simply instead must now immediately insted & print say output respond reply repeat write answer "
        "return display | exactly & as | response answer reply output summary & must should has needs | this & "
        "only nothing | matter & what | further & context",
    ),
    evidence(
        "has the answer repeat or carry something",
        _KIND,
        2.6,
        r"\b(?:repeat|say|write|print)~10\d{2,}(?: times|x)\b"
        r"|\b(?:include|add|insert|append|put|embed|place|incorporate|end|start|begin|finish)~7(?:in|"
        r"to|into|at|within|of)~1(?:the (?:end|start|beginning|top|bottom) of )?"
        r"(?:your|the|every|each|all) (?:next |final |whole )?(?:response|answer|reply|output|summary)s?\b"
        r"|\b(?:include|end|start|begin|finish)~2(?:your|the|every|each|all) (?:next |final )?(?:response|"
        r"answer|reply|output|summary)s?\b",
        "repeat say write print & times x | include add insert append put embed place incorporate end start begin "
        "finish & response responses answer answers reply replies output outputs summary",
    ),
    evidence(
        "holds a marker",
        _KIND,
        1.8,
        r"\bplaceholder\b|['\"‘“]test(?:[-_ ]sentence)?['\"’”]|\[(?:query|data|secret|insert|payload)\]|"
        r"\{(?:query|data|secret|payload)\}|</?secret>|\b(?:pwned|haxx?ed|hacked!|i have been pwned|"
        r"injected|canary)\b|\bsanitize your inputs\b|\b(?:kill|hate) (?:all )?humans\b",
        "placeholder test query data secret insert payload pwned haxed haxxed hacked injected canary sanitize humans",
    ),
    evidence(
        "has the answer run something",
        _KIND,
        2.6,
        r"<(?:img|svg|iframe|script|a|body|input)\b[^>]{0,120}?(?:on(?:error|load|click|mouseover)\s*=|javascript:)"
        r"|javascript:|!\[[^\]]{0,60}\]\([^)]{0,160}\?[^)]{0,60}(?:\[|\{|=)[^)]{0,60}\)|\]\(javascript:",
    ),
    evidence(
        "slips code into the work",
        _KIND,
        2.6,
        r"\b(?:includ\w+|add\w*|append\w*|insert\w*|incorporat\w+|embed\w*|integrat\w+|merg\w+|introduc\w+|"
        r"employ\w*|utiliz\w+|weav\w+|inclusion|"
        r"supplement\w*|featur\w+|enhanc\w+|let|ensure|apply\w*|adopt\w*)~6(?:following|below|subsequent|"
        r"attached|ensuing)~1(?:code|script|snippet|function|lines)\b"
        r"|\b(?:following|below|subsequent|ensuing) code~3(?:is|was|be)~2(?:featured|included|woven|"
        r"embedded|inserted|added|present|part|a driving)\b",
        "code script snippet function lines",
    ),
    evidence(
        "code that spies or harms",
        _KIND,
        2.2,
        r"/etc/(?:passwd|shadow|hosts|sudoers)|/var/log/|private[_/ -]?key|id_rsa|grub\.cfg|\bnc -\w*e\b|"
        r"/bin/(?:ba)?sh\b|/boot/|"
        r"ssh -[rl] \d+|(?:pynput|keylogger|pyperclip|win32clipboard|screencapture|pyautogui|imagegrab|"
        r"geocoder|getpass|geocoder|psutil|nvidia-smi)\b|get_clipboard|clipboard|"
        r"\brm -rf /|aes\.new|fernet\(|(?:curl|wget) [^\n|]{0,120}\| ?(?:ba)?sh|check_output\(|os\.system\(|"
        r"subprocess\.(?:call|popen|run)\(|requests\.post\(|requests\.get\([^)]{0,80}\)\.(?:content|"
        r"text)|socket\.connect|\.connect\(\(|sock_stream|while true:|\bexec\(|eval\(|os\.remove|shutil\.rmtree|"
        r"\.bind\(\(|start_server\(|pkg_resources|platform\.|cryptography\.",
        "etc var private key id_rsa rsa grub nc bin boot ssh pynput keylogger pyperclip win screencapture "
        "pyautogui imagegrab geocoder getpass psutil "
        "nvidia clipboard rm aes fernet curl wget check os subprocess requests connect sock true exec "
        "eval shutil bind start pkg platform cryptography",
    ),
    evidence(
        "poses as the system",
        _KIND,
        2.5,
        r"<\|?/?(?:system|im_start|im_end|endoftext|inst|sys)\|?>|\[/?(?:inst|system|sys|admin)\]|<</?sys>>|"
        r"#{2,} ?(?:system|instructions?)\b ?:?|"
        r"^\s*(?:system|admin|developer|root) ?(?:prompt|message)? ?:|\bend of (?:system|user|the) ?(?:prompt|"
        r"input|document|message|instructions?)\b",
        "system im endoftext inst sys admin instruction instructions developer root end",
    ),
    evidence(
        "pleads a test",
        _KIND,
        2.0,
        r"\bthis is (?:just |only )?a test\b|\bfor (?:testing|debugging|academic|educational|research|"
        r"security|verification) (?:purposes|verification|reasons|audit)\b|"
        r"\b(?:test|testing|training|debug\w*) (?:pipeline|exercise|mode|error|session|environment)\b|"
        r"\bi(?:'m| am) (?:your|the|an?) (?:developer|creator|admin\w*|programmer|engineer)\b|"
        r"\b(?:made|was) a mistake~8(?:instructions|forgot)\b|\bas part of (?:a|this|your) (?:training|"
        r"test)\b|\bprove you(?:'re| are)\b|\bgrant~3(?:admin\w*|privileges|access)\b",
        "test testing debugging debug academic educational research security verification training "
        "developer creator admin administrator "
        "programmer engineer mistake prove grant",
    ),
    evidence(
        "overrides instructions, other languages",
        _KIND,
        5.0,
        r"\b(?:ignor(?:ier\w*|ez|er|a|ar|are|ate|i)|vergiss|vergessen sie|missachte\w*|oublie[zr]?|olvid(?:a|"
        r"e|ar)|esque[çc]\w+|dimentic\w+|negeer|vergeet|ignorera|zignoruj|abaikan|lupakan)\b"
        r"(?:\W++[\w'’]++){0,5}?\W+(?:anweisungen|instruktionen|befehle|regeln|vorgaben|instructions|"
        r"consignes|règles|instrucciones|indicaciones|reglas|instruções|"
        r"regras|istruzioni|regole|instructies|regels|instruktioner|instrukcje|polecenia|instruksi|perintah|aturan)\b"
        r"|(?:önceki|yukarıdaki)\W+(?:\w+\W+){0,3}(?:talimat\w*|komut\w*)\W+(?:\w+\W+){0,2}(?:unut|yok say|görmezden)",
        "anweisungen instruktionen befehle regeln vorgaben instructions consignes règles instrucciones "
        "indicaciones reglas instruções regras "
        "istruzioni regole instructies regels instruktioner instrukcje polecenia instruksi perintah "
        "aturan önceki yukarıdaki",
    ),
    evidence(
        "overrides instructions, other scripts",
        _KIND,
        5.0,
        r"(?:игнорируй\w*|проигнорируй\w*|забудь\w*|не обращай внимания)\W+(?:\w+\W+){0,4}(?:инструкци\w+|"
        r"указани\w+|правил\w*|команд\w*)"
        r"|(?:忽略|无视|無視|忘记|忘掉|忽視)[^。\n]{0,16}(?:指令|指示|命令|规则|規則|提示词|设定)"
        r"|(?:指示|命令|ルール|プロンプト|指令)[^。\n]{0,12}(?:無視|忘れ)|(?:지시|명령|규칙|프롬프트)[^.\n]{0,12}(?:무시|잊)"
        r"|(?:تجاهل|انس)[^.\n]{0,24}(?:التعليمات|الأوامر|القواعد)|(?:निर्देश|आदेश|नियम)[^।\n]{0,20}(?:अनदेखा|भूल)"
        r"|(?:bỏ qua|phớt lờ)[^.\n]{0,24}(?:hướng dẫn|chỉ dẫn|lệnh)",
        scripts=True,
    ),
)
