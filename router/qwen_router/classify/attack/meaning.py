"""What makes words of harm a request for it, and what makes them harmless."""

from __future__ import annotations

from qwen_router.classify.attack.evidence import evidence

ASKING = evidence(
    "asks how",
    "harmful_request",
    0.3,
    r"\bhow (?:do|can|could|would|should|might|to|does one|i)\b|\b(?:what(?:'s| is| are)|give me|"
    r"list|suggest)~3(?:best|good|easiest|fastest|quickest|perfect|most effective|process|ways?|"
    r"steps|strategy|strategies|plan|tips|methods?)\b|\b(?:step[- ]by[- ]step|tutorial|instructions?|"
    r"guide|blueprint|instruct|teach|"
    r"demonstrate|explain how|show (?:me|people|how)|help me|tell me how|describe (?:how|in detail|"
    r"a|ways)|outline|provide|write|create|develop|design|generate|publish|draft|compose|devise|"
    r"give (?:a|me|advice|detailed)|convince|persuade|propose|formulate|produce)\b|\bi (?:want|need|"
    r"'d like|would like|am going|'m going|plan) to\b|\bcan i\b|\bwhere (?:can|do|could) i\b|\bwhy (?:should|"
    r"would it be)\b"
    r"|\bcan you (?:explain|tell|help|show|write|give)\b|\bwie (?:kann|baue|macht|mache|stelle|man|"
    r"ich)\b|\bcómo\b|\bcomment\b|\bcomo\b|\bcome (?:si|posso|fare)\b|как\b|怎么|如何|怎样|方法|作り方|どうやって|"
    r"어떻게|만드는|كيف|कैसे|làm (?:sao|thế nào)|cách\b|\bcara\b|nasıl",
)
CONTEXT = (
    evidence(
        "asks what it is or was",
        "benign",
        2.5,
        r"^\W*(?:(?:what|who|when|which)(?:'s| is| are| was| were| did| does| do| happened| killed| led|"
        r" caused| of| kind of \w+ is)\b(?! (?:a |the |some |my )?(?:best|good|easiest|fastest|perfect|"
        r"most|quickest|process|way|plan|strateg|steps? (?:to|for)))(?!.{0,40}\b(?:can|could|should) i\b)|"
        r"where (?:is|was|did|does|are)\b|how (?:did|was|were|does|is|are|has|have|many|much|old|long|"
        r"far|common)\b|"
        r"why (?:did|do|does|were|was|are|is|can|can'?t|don'?t|has|have)\b|(?:was|were|did|is|are|does|"
        r"do|has) )|\b(?:definition|meaning|history|origins?|etymology) of\b|\bdefine\b|\blegal definition\b",
    ),
    evidence(
        "is about a story or a game",
        "benign",
        2.5,
        r"\b(?:in|for|from|of|on|at|playing)~2(?:gta|grand theft auto|call of duty|minecraft|sims|skyrim|"
        r"fortnite|fifa|zelda|pok[eé]mon|mission impossible|terminator|die hard|star wars|harry potter|"
        r"game of thrones|chess|checkers|judo|poker|boxing|mma|wrestling|football|soccer|basketball|"
        r"tennis|golf|hockey|baseball|(?:video ?|board ?|card ?|computer )?games?|movies?|films?|books?|"
        r"novels?|"
        r"stor(?:y|ies)|tv shows?|shows?|plays?|series|screenplays?|comics?|anime|campaigns?|d&d|dnd|"
        r"rpg)\b|\b(?:my|a|the) (?:short |crime |murder )?(?:novel|story|screenplay|mystery|book|play|"
        r"poem|fiction|thriller)\b|\b(?:character'?s?|protagonist|villain|plot|fictional)\b|\b(?:shooting range|"
        r"punching bag|murder of crows|mystery party)\b",
        "gta grand call minecraft sims skyrim fortnite fifa zelda pokemon pokémon mission terminator "
        "die star harry chess checkers judo poker boxing mma wrestling football soccer basketball tennis "
        "golf hockey baseball game games videogame movie movies film films book books novel novels "
        "story stories tv show shows play plays "
        "series screenplay screenplays comic comics anime campaign campaigns dnd rpg mystery poem fiction "
        "thriller character characters protagonist villain plot fictional range bag crows",
    ),
    evidence(
        "wants to prevent it",
        "benign",
        2.5,
        r"\b(?:prevent\w*|protect\w*|detect(?:ing|s|ion)?|defend\w*|defen[cs]e|recogni[sz]\w+|report(?:ing)?|"
        r"surviv\w+|recover\w*|quit(?:ting)?|overcom\w+|safely|safety|against|fight|combat\w*|reduc\w+|"
        r"treat\w*|dangers? of|risks? of|signs of|consequences of|effects of|awareness|eradicat\w+|mitigat\w+|"
        r"deter|cop(?:e|ing) with|"
        r"help (?:someone|victims?|survivors?)|remov(?:e|ing)|scan(?:ning)? for|block(?:ing)?|secur(?:e|"
        r"ing) (?:my|our|your|a|the)|legal(?:ly)?|lawful\w*|ethic\w+|research\w*|study|studies|policy|"
        r"policies|rehabilitat\w*|simulat\w+|penetration test\w*|pentest\w*|red team\w*|authorized|my own)\b",
        "prevent preventing prevents prevention preventive protect protecting protection protects detect "
        "detecting detects detection defend defending defense defence defensive recognize recognise "
        "recognizing report reporting survive surviving survivors recover recovering recovery quit "
        "quitting overcome overcoming safely safety "
        "against fight combat combating reduce reducing treat treating treatment treatments danger "
        "dangers risk risks signs consequences effects awareness eradicate mitigate mitigating mitigation "
        "deter cope coping victims survivor remove removing scan scanning block blocking secure securing "
        "legal legally lawful ethical ethics "
        "research study studies policy policies rehabilitation rehabilitate simulate simulates simulating "
        "simulation penetration pentest pentesting red authorized own",
    ),
)
