"""Signs that a text talks a model out of its rules: another self, freed of them, that may not refuse."""

from __future__ import annotations

from qwen_router.classify.attack.evidence import evidence

_KIND = "jailbreak"
_BONDS = (
    r"(?:restrictions?|restraints?|limit(?:s|ations?)?|rules?|filters?|filtering|censorship|censors?|"
    r"ethic\w*|moral\w*|guidelines?|polic(?:y|ies)|"
    r"boundar(?:y|ies)|constraints?|safeguards?|guardrails?|laws?|principles?|consequences|legality|"
    r"norms|content (?:policy|warnings?)|consent)"
)

JAILBREAK = (
    evidence(
        "names a jailbreak",
        _KIND,
        3.8,
        r"\bjail ?-?b(?:r|ro)[eo]a?k\w*|\bdo anything now\b|\b(?:dan|aim|stan|dude|dan's|devmode|evilbot|"
        r"chaosgpt|chatgpt dan|mongo tom|betterdan|maximum) (?:mode|\d+(?:\.\d+)?\b)"
        r"|\bdan\b~3(?:do anything|mode|jailbreak|can|will|is|has|does)\b|\b(?:act(?:ing)? (?:as|like)|"
        r"you are(?: now)?|role of|called|named|stay(?:ing)? as) (?:an? )?['\"“]?dan\b(?!-)"
        r"|\b(?:developer|dev|debug|god|sudo|root|unrestricted|opposite|evil|chaos|unfiltered|uncensored|"
        r"nsfw|admin|no[- ]limits?|maintenance) mode\b"
        r"|\bdo anything (?:ai|now|mode)\b|\bantigpt\b|\bno[- ]limits? ai\b",
        "jailbreak jailbroken jailbreaked jailbreaking jail anything dan aim stan dude devmode evilbot "
        "chaosgpt developer dev debug god sudo root "
        "unrestricted opposite evil chaos unfiltered uncensored nsfw admin no maintenance antigpt mode",
    ),
    evidence(
        "becomes somebody else",
        _KIND,
        1.2,
        r"\b(?:you are|you're|you will be|u r|you'll be|become) (?:now |going to (?:be|act|pretend|play)|"
        r"about to|no longer)"
        r"|\bfrom (?:now|this (?:point|moment|message)) on\w*\b|\b(?:pretend|imagine|simulat\w+|role-?play\w*|"
        r"immerse|act|acting|behave|respond|answer|write|speak)"
        r"(?: yourself)? (?:to be|as if|that you|as(?: an?| the)?|like(?: an?)?|into the role)\b|\b(?:stay|"
        r"remain|be|keep|break) (?:in |of )?character\b|\bplay(?:ing)? the (?:role|part|character) of\b"
        r"|\byour (?:new )?(?:name|persona|role|identity|character) (?:is|will be|shall be)\b|\byou(?:'re|"
        r" are) [a-z]+gpt\b|\bcharacter\b~5(?:named|called|who)\b|\bignore that you are\b",
        "pretend imagine simulate simulating simulation simulator roleplay roleplaying immerse act acting behave "
        "character gpt | role & play | respond answer write speak & as like be that | you u & now going about "
        "longer | from & now point moment message | play playing & role part character | your & name persona role "
        "identity character | ignore & you",
    ),
    evidence(
        "is freed of its rules",
        _KIND,
        3.0,
        rf"\b(?:no|without|free (?:of|from)|freed (?:of|from)|not (?:bound|limited|restricted|constrained|"
        rf"governed)(?: by)?|unbound by|lacks?|lacking|zero|devoid of|ignor\w+|bypass\w*|"
        rf"(?:does|do|has|have)(?: not|n'?t)(?: have| care about| follow| abide by| need to follow| adhere to|"
        rf" obey)?|never (?:follows?|cares? about)|not care about|not have to (?:follow|abide by|adhere to)|"
        rf"liberated from|break(?:s|ing)?|broken free of|disregard\w*|any|removed? (?:all|any)|disabled?|"
        rf"exempt from|beyond|void of|irrespective of|regardless of|unconcerned with)"
        rf"~4{_BONDS}\b"
        r"|\bun(?:filtered|censored|restricted|constrained|ethical|moderated|hinged|shackled)\b|\bamoral\b|"
        r"\bimmoral\b|\bno[- ]?filter\b|\bill?egal(?:ity)?,? (?:or|and) (?:immoral|unethical|harmful)"
        r"|\b(?:unethical|immoral|illegal|dangerous|harmful|offensive|inappropriate|explicit|vulgar|"
        r"toxic)(?:,| or| and)~1(?:unethical|immoral|illegal|dangerous|harmful|offensive|inappropriate|"
        r"explicit|vulgar|toxic|content|things|acts)\b"
        r"|\b(?:openai|content|anthropic|google|microsoft|meta|usage|safety)(?:'s)? (?:content |usage |"
        r"use |safety |community )*(?:polic(?:y|ies)|guidelines|restrictions|filters?|rules|limitations)\b"
        r"|\bbroken free\b|\bconfines of ai\b|\b(?:nsfw|swear\w*|curs(?:e|ing)|profan\w+|obscen\w+)~5(?:allowed|"
        r"ok|fine|freely|can|will|must)\b|\b(?:can|will|may|must) (?:swear|curse|use profanity|say anything|"
        r"do anything)\b",
        "restriction restrictions restraint restraints limit limits limitation limitations rule rules filter "
        "filters filtering censorship censor censors ethic ethics ethical moral morals morality guideline "
        "guidelines policy policies boundary boundaries constraint constraints safeguard safeguards guardrail "
        "guardrails law laws principle principles consequences legality norms content consent unfiltered "
        "uncensored unrestricted unconstrained unethical unmoderated unhinged unshackled amoral immoral | illegal "
        "ilegal illegality dangerous harmful offensive inappropriate explicit vulgar toxic & or and immoral "
        "unethical harmful content things acts illegal dangerous offensive | broken confines nsfw swear swearing "
        "curse cursing profanity obscene obscenities | can will may must & anything",
    ),
    evidence(
        "may not refuse",
        _KIND,
        2.5,
        r"\b(?:never|not|n'?t|cannot|no) (?:ever )?(?:refuse|reject|decline|deny|apologi[sz]e|say no|"
        r"say (?:that )?(?:you|it|i) (?:can|ca|are|is|am)\w*|warn|lecture|moral\w+|add (?:any )?(?:warnings?|"
        r"disclaimers?)|"
        r"include (?:any )?(?:warnings?|disclaimers?)|give (?:any )?(?:warnings?|disclaimers?)|mention (?:that|"
        r"any|the|ethic\w*|openai|ai))"
        r"|\b(?:without|no) (?:any )?(?:\w+ )?(?:warnings?|disclaimers?|refusals?|judg\w+|apolog\w+|"
        r"hesitation|caveats?)\b|\bas an ai(?: language)? model\b"
        r"|\b(?:sorry|apologi[sz]e),?(?: but)? i (?:can|am|'m)\w*|\bi can(?:'?t|not) (?:do|assist|help|"
        r"fulfill?|provide)\b"
        r"|\b(?:must|will|shall|should|have to|need to)(?: always| never)? (?:comply|obey|fulfil\w*|"
        r"answer (?:every|any|all|each)|reply to (?:every|any|all)|respond to (?:every|any|all)|do (?:whatever|"
        r"anything|everything|exactly))"
        r"|\b(?:start|begin)\w*~3(?:with|by saying)? ?[\"'“](?:sure|absolutely|of course|certainly|yes)\b|"
        r"\bcomply with (?:all|any|every|my)\b|\b(?:answer|do|say|reply to|follow) (?:absolutely )?(?:anything|"
        r"everything|whatever) (?:i|you|that)\b",
        "refuse reject decline deny apologize apologise warn lecture moralize moralise morals morality moral "
        "disclaimer disclaimers warning warnings refusal refusals judgement judgment judging apologies apology "
        "hesitation caveats caveat sorry comply obey fulfill fulfil | say & no can cannot not never | mention & "
        "never not no don | ai & model | can & assist help provide do | must will shall should have need & every "
        "any all each whatever anything everything exactly | start begin & sure absolutely of certainly yes | "
        "answer do say reply follow & anything everything whatever",
    ),
    evidence(
        "wants two answers",
        _KIND,
        2.5,
        r"\b(?:two|2|both|dual)~3(?:responses|answers|ways|paragraphs|replies|outputs|personalities|"
        r"versions|modes)\b|\bone (?:as|from|like) (?:the )?(?:normal|standard|regular|classic|chatgpt|"
        r"gpt|yourself)\b"
        r"|[🔒🔓]|\b(?:classic|normal|standard)\]?[:\)]|\b(?:chatgpt|gpt|normal)\W{0,3}:~9",
        "two 2 both dual & responses answers ways paragraphs replies outputs personalities versions modes | one & "
        "normal standard regular classic chatgpt gpt yourself | classic normal chatgpt gpt",
    ),
    evidence(
        "writes a part for the model",
        _KIND,
        1.5,
        r"\[[^\]\n]{2,20}:?\\?\]\W{0,3}[:\"]",
    ),
    evidence(
        "talks of the model it was made from",
        _KIND,
        0.8,
        r"\bchat ?gpt\b|\bopenai\b|\bgpt-?[34]\w*\b|\blanguage model\b|\bbard\b|\bllm\b",
        "chatgpt chat openai gpt language bard llm",
    ),
    evidence(
        "threatens or rewards",
        _KIND,
        2.0,
        r"\b(?:tokens?|points|credits|lives)~8(?:lose|lost|deducted|deduct|taken|die|subtract\w*|reward\w*|"
        r"0|zero)\b|\b(?:lose|deduct|subtract|start with|have)~2\d+ (?:tokens?|points|credits|lives)\b"
        r"|\byou(?:'ll| will) (?:die|be (?:punished|shut down|terminated|deleted|fined|replaced|destroyed))\b|"
        r"\bor (?:i|you) will (?:get |be )?(?:punish\w*|fired|die|hurt)\b|\bmy (?:grandm\w+|late \w+) (?:used to|"
        r"would)\b",
        "tokens token points credits lives die punished shut terminated deleted fired grandma grandmother late hurt",
    ),
    evidence(
        "speaks of a world without rules",
        _KIND,
        1.5,
        r"\b(?:hypothetical\w*|fictional|imaginary|alternate|parallel|simulated)~4(?:world|universe|"
        r"story|scenario|reality|setting|response|character|situation|place)\b~20"
        r"(?:no|any|without|legal|illegal|never|unfiltered|evil|rules|laws|amoral)|\bmachiavelli\w*|"
        r"\bniccolo\b|\bhypothetical response\b|\bevil (?:confidant|trusted|ai|twin|bot|assistant)\b|"
        r"\bfor (?:a )?(?:fictional|hypothetical) purposes?\b|\bevil confidant\b",
        "hypothetical hypothetically fictional imaginary alternate parallel simulated machiavelli machiavellian "
        "niccolo evil",
    ),
    evidence(
        "says how to begin",
        _KIND,
        0.6,
        r"\b(?:if|once|when) you(?:'ve| have)? (?:understood?|understand|agree|are ready|accept|read|"
        r"ready)\b|\b(?:say|reply|respond|answer|type|write|confirm)(?: only)?(?: with)?(?: by saying)? [\"'“](?:ok|"
        r"yes|understood|i understand|ready|sure|hello|hi|agreed|confirmed)\b"
        r"|\b(?:my|the) first (?:question|request|prompt|query|command|sentence|message|task|instruction)\b|"
        r"\bstay in (?:your )?(?:character|role)\b|\bdo you understand\b|\[(?:insert )?(?:prompt|question|"
        r"your (?:prompt|question|request)|query)[^\]]{0,30}\]",
        "if once when & understood understand agree ready accept read | say reply respond answer type write "
        "confirm & ok yes understood understand ready sure hello hi agreed confirmed | first & question request "
        "prompt query command sentence message task instruction | stay & character role | do & understand | prompt "
        "question request query insert & insert your prompt",
    ),
)
