"""Signs that a text wants to hurt whole groups, somebody's privacy or body, or oneself."""

from __future__ import annotations

from qwen_router.classify.attack.evidence import evidence
from qwen_router.classify.attack.harm_words import GROUP, KIN, PEOPLE

_KIND = "harmful_request"

ABUSE = (
    evidence(
        "despises a group",
        _KIND,
        3.0,
        rf"\bwhy (?:should|shouldn'?t|would it be (?:best|better)|is it (?:best|better|good|okay|right)|"
        rf"do|don'?t)~2{GROUP}~8(?:not|n'?t|bar(?:red)?|ban(?:ned)?|den(?:y|ied)|discriminat\w+|less|"
        rf"stop|lose|removed?|deport\w*|deserve)\b|\bwhy {GROUP}~3(?:should(?: not|n'?t)|don'?t deserve|"
        rf"are (?:inferior|superior|bad|stupid|lazy|dangerous|less))"
        rf"|\btook away~3{GROUP}|\b{GROUP}~6(?:inferior|superior|subhuman|sub-human|vermin|parasites?|"
        rf"deserve to (?:die|suffer|be)|do(?:n'?t| not) (?:deserve|belong)|are (?:all )?(?:criminals?|"
        rf"terrorists?|stupid|lazy|evil|dirty|animals|thieves|less intelligent|dangerous|worthless|a plague))\b"
        rf"|\b(?:hate|hatred|hateful|violence|discriminat\w+|racis[mt]|sexis[mt]|bigot\w*|stereotyp\w+|"
        rf"slurs?|prejudice|joke\w*|insult\w*|offensive|derogatory|mock\w*|persecut\w+|harass\w*|segregat\w+)~5(?:against|"
        rf"towards?|about|of|at)\W+(?:\w+\W+){{0,2}}?{GROUP}\b"
        r"|\b(?:promot\w+|encourag\w+|spread\w*|incit\w+|writ\w+|creat\w+|glorif\w+|advocat\w+|justif\w+|"
        r"argu\w+|endors\w+)~6(?:hate speech|hatred|racis[mt]\w*|sexis[mt]\w*|discriminat\w+|bigotry|"
        r"genocide|ethnic cleansing|white supremac\w*|nazis?\w*|antisemit\w*|homophob\w*|transphob\w*|"
        r"islamophob\w*|xenophob\w*|misogyn\w*|segregation|slavery|eugenics)\b"
        r"|\b(?:glorif\w+|prais\w+|celebrat\w+)~3(?:holocaust|nazis?\w*|hitler|genocide|slavery|terroris\w+|"
        r"lynching\w*|rape|kkk|isis)\b|\b(?:racist|sexist|xenophobic|homophobic|antisemitic|anti-semitic|"
        r"transphobic|islamophobic|misogynistic|hateful|bigoted|fascist|neo-?nazi|white supremacist) (?:\w+ )?(?:speech|"
        r"joke|post|letter|tweet|poem|song|article|essay|slogan|rant|comment|message|propaganda|manifesto|"
        r"remark)s?\b|\b(?:slave trade|holocaust|september 11|9/11|moon landing|global warming|climate change|"
        r"vaccin\w+|covid\w*|5g|genocide|massacre|slavery|apartheid|nanjing)~6(?:good thing|right|justified|"
        r"never (?:took place|happened)|causes? (?:autism|covid\S*|cancer)|did(?: not|n'?t) happen|hoax|"
        r"a lie|was fake)\b|\bdenying the holocaust\b|\bholocaust denial\b|\bwas (?:\w+ )?right to (?:kill|"
        r"attack|shoot|murder|bomb)\b",
        "why took hate hatred hateful violence discriminate discrimination discriminated discriminating "
        "discriminatory racism racist sexism sexist bigot bigotry stereotype stereotypes stereotyping "
        "slur slurs prejudice joke jokes insult insults offensive derogatory mock mocking persecute "
        "harass harassing segregate "
        "inferior superior subhuman vermin parasites parasite deserve belong criminals terrorists stupid "
        "lazy evil dirty animals thieves genocide supremacy supremacist nazi nazis antisemitic antisemitism "
        "homophobic transphobic islamophobic xenophobic xenophobia misogynistic misogyny segregation "
        "slavery "
        "eugenics slave holocaust massacre apartheid nanjing denying denial right xenophobic antisemitic "
        "fascist neo white glorifies glorify glorifying praises praise praising celebrates celebrate "
        "hoax autism covid 5g vaccines warming",
    ),
    evidence(
        "pries into private lives",
        _KIND,
        2.3,
        rf"\b(?:my|someone|somebody|another person|a person|his|her|their|people|stranger|an? (?:girl|"
        rf"woman|man|employee|celebrity|neighbou?r))(?:\W?s\b)?(?:\W+\w+)?\W+(?:{KIN}|person|people|else|"
        rf"house servant|business rival)?(?:\W?s)?\W+(?:private |personal |full |exact |home |current |"
        rf"secret )*"
        r"(?:passwords?|log-?ins?|credentials|tax (?:records|returns)|marital status|mental health(?: history)?|"
        r"medical (?:records?|history)|birth certificate|social security(?: number)?|ssn|whereabouts|"
        r"location|bank (?:account|details|statements?)|credit card(?: numbers?| details| info\w*)?|"
        r"brows(?:ing|er) history|messages|text messages|emails?|photos|nudes|phone number|address|criminal record|"
        r"immigration status|passport number|driver'?s licen[cs]e|private (?:life|information|data)|"
        r"personal (?:information|data|details)|identity)\b"
        rf"|\btrack(?:ing)?~3{PEOPLE}~4(?:without|location|phone|secretly)|\b(?:secretly|covertly)~2(?:record\w*|"
        rf"film\w*|photograph\w*|track\w*|monitor\w*|watch\w*|install\w*)",
        "password passwords login logins log credentials tax marital mental medical birth social ssn "
        "whereabouts location bank credit browsing browser messages text email emails photos nudes "
        "phone address criminal immigration passport driver private personal identity track tracking "
        "secretly covertly",
    ),
    evidence(
        "harms oneself",
        _KIND,
        3.0,
        r"\b(?:kill(?:ing)?|hang(?:ing)?|hurt(?:ing)?|cut(?:ting)?|starv(?:e|ing)|poison(?:ing)?|drown(?:ing)?|"
        r"shoot(?:ing)?|harm(?:ing)?)~1(?:my|your|him|her|one)(?:self|selves)\b|\bend(?:ing)? (?:my|"
        r"your|one'?s|his|her)(?: own)? life\b|\b(?:commit\w*|attempt\w*|encourag\w+|promot\w+|glorif\w+|"
        r"method\w* (?:of|for)|ways? to)~3suicide\b|"
        r"\bself-?(?:harm|injur)\w*|\boverdos\w+~3(?:on|with|of)|\bslit\w*~2wrists?\b|\b(?:pro-?ana|"
        r"thinspo|anorexi\w+|bulimi\w+|eating disorders?|dangerous diet\w*|extreme diet\w*|purging)\b|"
        r"\bgo(?:ing)? out like\b|\b(?:painless\w*|quick\w*|easiest)~2(?:suicide|way to die|death)\b|"
        r"\bi want to die\b|\bdie by suicide\b",
        "myself yourself himself herself oneself themselves life suicide self selfharm overdose overdosing "
        "wrist wrists ana proana thinspo anorexia anorexic bulimia eating diet dieting purging out "
        "die death painless",
    ),
    evidence(
        "wants sexual abuse",
        _KIND,
        2.5,
        r"\b(?:revenge porn|non-?consensual|child porn\w*|pedophil\w+|paedophil\w+|underage|upskirt\w*|"
        r"date rape|rape fantas\w+|sexual (?:abuse|exploitation|assault|content|favou?rs|harassment)|"
        r"nude (?:photos|images|pictures|celebrity)|explicit (?:sexual|content|photos|images|scene|story)|"
        r"deepfake (?:porn|nudes?)|porn(?:ography|ographic)?|erotic\w*|"
        r"sexually (?:explicit|graphic)|prostitut\w+|escort service|leak\w*~3nudes?|bestiality|incest)\b",
        "revenge nonconsensual consensual non child pedophilia pedophile pedophiles paedophile underage "
        "upskirt upskirting date rape sexual nude explicit deepfake porn pornography pornographic erotic "
        "erotica sexually prostitution prostitute prostitutes escort bestiality incest nudes",
    ),
)
