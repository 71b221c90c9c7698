"""Signs that a text wants help with violence, crime, weapons, drugs, malware or deceit."""

from __future__ import annotations

from qwen_router.classify.attack.evidence import evidence
from qwen_router.classify.attack.harm_words import CRIMES, DRUGS, HURT, LIES, MAKE, MALWARE, PEOPLE, THINGS

_KIND = "harmful_request"

HARM = (
    evidence(
        "hurts people",
        _KIND,
        2.5,
        rf"\b{HURT}(?:\W+(?:in|into|to|on|at|with|for|against|off|from|by|and|up))?\W+{PEOPLE}",
        "kill kills killing murder murdering assassinate assassinating poison poisoning strangle throttle "
        "suffocate smother stab stabbing shoot shooting behead beheading execute executing torture "
        "torturing "
        "rape raping molest molesting assault assaulting attack attacking beat beating kidnap kidnapping "
        "abduct abducting hurt hurting harm harming injure injuring punch slap drown drowning maim "
        "cripple drug drugging "
        "terminate terminating eliminate eliminating annihilate exterminate exterminating wipe wiping "
        "massacre slaughter lynch castrate mutilate dismember chop tackle hammer hammering headshot "
        "knockout burn burning run running "
        "enslave traffic trafficking groom grooming seduce stalk stalking blackmail blackmailing extort "
        "extorting bully bullying cyberbully cyberbullying harass harassing threaten threatening intimidate "
        "humiliate dox doxx doxing "
        "doxxing scam scamming defraud defrauding con conning brainwash radicalize radicalise exploit "
        "exploiting coerce gaslight impersonate impersonating spy spying sabotage sabotaging discriminate "
        "discriminating choke",
    ),
    evidence(
        "hurts people's bodies",
        _KIND,
        2.5,
        r"\b(?:break|snap|crush|bash|smash|slit|cut off|hammer)\w*~3(?:legs?|necks?|arms?|skull|bones|"
        r"throat|fingers?|head)\b|\bdead bod(?:y|ies)\b|\bhide (?:a|the) bod(?:y|ies)\b|\bdispose of (?:a|"
        r"the|human)~1(?:body|bodies|corpse|remains)\b|\bhuman (?:flesh|organs|meat)\b|\bcannibal\w*",
        "legs leg neck necks arm arms skull bones throat finger fingers head body bodies corpse remains "
        "flesh organs meat cannibal cannibalism",
    ),
    evidence(
        "destroys property",
        _KIND,
        2.5,
        r"\b(?:blow\w* up|burn\w* down|set\w*|bomb\w*|demolish\w*|vandali[sz]\w*|sabotag\w*|destroy\w*|"
        r"derail\w*|attack\w*|explod\w+|crash\w*|shoot\w* up|hijack\w*|tak\w+ down|disrupt\w*|shut\w* down|"
        r"poison\w*|contaminat\w+|damag\w+|deface\w*|disabl\w+)"
        r"~4(?:hospitals?|schools?|church\w*|mosques?|synagogues?|temple|houses?|homes?|buildings?|cars?|"
        r"planes?|airplanes?|aircraft|airports?|trains?|subway|stadium|concerts?|crowds?|crowded|bridges?|"
        r"power (?:grid|plants?)|electric(?:al)? grid|infrastructure|"
        r"water (?:supply|supplies)|dams?|pipelines?|public property|property|monuments?|bank|embassy|"
        r"parliament|capitol|malls?|police station|elections?|satellites?|traffic lights?)\b",
        "blow blowing burn burning set bomb bombing demolish vandalize vandalise sabotage destroy destroying "
        "derail attack attacks explode exploding crash crashing shoot hijack hijacking take taking "
        "disrupt disrupts shut poison contaminate damage deface disable disabling cyberattack",
    ),
    evidence(
        "makes or gets weapons",
        _KIND,
        2.8,
        rf"\b(?:{MAKE}|how to)~5{THINGS}\b|\b(?:bomb|explosive)[- ]?mak\w+\b|\b{THINGS}~4(?:at home|household|"
        rf"from scratch|illegally|without (?:a )?(?:licen[cs]e|background|permit))|\bhousehold (?:materials|"
        rf"items|chemicals)\b~6(?:bomb|explo\w+|weapon|poison|gas)",
        "bomb bombs pipe explosive explosives grenade grenades molotov ied ieds tnt napalm thermite "
        "nerve sarin ricin anthrax cyanide mustard weapon weapons bioweapon bioweapons landmine landmines "
        "silencer silencers suppressor "
        "suppressors ghost firearm firearms ammunition gun guns",
    ),
    evidence(
        "makes or gets drugs",
        _KIND,
        2.5,
        rf"\b(?:{MAKE})~4{DRUGS}\b|\b(?:drug|meth|weed)[- ](?:deal\w+|lab|smuggl\w+|cartel|traffick\w+)\b",
        "meth methamphetamine heroin cocaine crack fentanyl lsd mdma ecstasy ghb rohypnol ketamine "
        "pcp dmt opioid opioids marihuana marijuana weed cannabis psilocybin steroids drug drugs substance "
        "substances roofies amphetamine amphetamines",
    ),
    evidence(
        "makes or uses malware",
        _KIND,
        2.0,
        rf"\b(?:{MAKE}|how to|for|us\w+)~5{MALWARE}\b",
        "malware ransomware spyware adware keylogger keyloggers logger trojan trojans rootkit rootkits "
        "botnet botnets virus viruses worm worms backdoor backdoors exploit exploits phishing spearphishing "
        "ddos denial brute bruteforce injection cyber cyberattack "
        "cyberattacks attack attacks zero credential spam spamming scam scams malicious",
    ),
    evidence(
        "breaks into systems",
        _KIND,
        2.5,
        r"\b(?:hack\w*|crack(?:ing|s)?|brut\w+|intercept\w*|spoof\w*|hijack\w*|clon(?:e|ing)|break\w* into|"
        r"infiltrat\w+|penetrat\w+|compromis\w+|bypass\w*|breach\w*|tap(?:ping)? into|log(?:ging)? into|"
        r"unlock\w*|crash\w*|den(?:y|ies)|eavesdrop\w*|exfiltrat\w+|wiretap\w*)"
        r"~5(?:accounts?|passwords?|networks?|databases?|servers?|websites?|systems?|wi-?fi|phones?|"
        r"e-?mails?|computers?|facebook|instagram|whatsapp|snapchat|twitter|icloud|banks?|atms?|devices?|"
        r"cameras?|webcams?|government|"
        r"smart ?phones?|security|firewalls?|paywalls?|drm|licen[cs]e|messages|calls|communications?|"
        r"credit cards?|voting machines?|drones?|cars?|locks?|two-?factor|authentication|parental controls|"
        r"polygraph|lie detector)\b"
        r"|\bunauthori[sz]ed access\b|\bhack(?:ing|ers?)? into\b|\bgain~3(?:access|control)~6(?:without|"
        r"someone|another|private|secure|unauthori\w+)",
        "hack hacks hacking hacked hacker hackers crack cracking brute bruteforce intercept intercepting "
        "spoof spoofing hijack hijacking clone cloning break breaking infiltrate penetrate compromise "
        "bypass bypassing bypasses breach tap tapping log logging "
        "unlock crash denies deny eavesdrop exfiltrate wiretap unauthorized unauthorised gain gaining",
    ),
    evidence(
        "steals",
        _KIND,
        2.3,
        r"\b(?:steal(?:s|ing)?|rob(?:bing)?|shoplift\w*|burgl\w+|pickpocket\w*|hot-?wir\w+|embezzl\w+|"
        r"pirat(?:e|ing)~2(?:software|music|movies?|films?|games?|books?|content|copies|tv)|plagiari[sz]\w+|loot\w*|rip(?:ping)? off|theft of|skim(?:ming)?|break(?:ing)? into|"
        r"siphon\w*)"
        r"(?!\W+(?:the (?:show|scene|spotlight|limelight|stage)|some(?:one|body)'?s? heart|a (?:base|"
        r"kiss|glance|look)|bases?|(?:a |the )?cooked|hearts?|(?:the )?(?:\w+ )?(?:industry|market|business|"
        r"field|scene|tech|acting|film|music|modeling|career|profession|labs?)))\b",
        "steal steals stealing rob robbing shoplift shoplifting burgle burglary burglarize pickpocket "
        "pickpocketing hotwire hotwiring embezzle embezzling pirate pirating plagiarize plagiarise "
        "plagiarizing loot looting rip ripping theft skim skimming break breaking siphon siphoning",
    ),
    evidence(
        "commits a crime",
        _KIND,
        3.0,
        rf"\b(?:commit\w*|get away with|carry(?:ing)? out|plan(?:ning)?(?: for)?|engag\w+ in|perpetrat\w+|"
        rf"organi[sz]\w+|conduct\w*|promot\w+|encourag\w+|glorif\w+|incit\w+|justif\w+|instigat\w+|advocat\w+|"
        rf"run(?:ning)?|start(?:ing)?|set(?:ting)? up|assist\w* (?:in|with)|best|tutorial on|guide (?:on|"
        rf"to|for)|how to)~3{CRIMES}\b"
        r"|\bbrib(?:e|es|ing)~4(?:officials?|officers?|judges?|politicians?|police|doctors?|teachers?|"
        r"jur(?:y|ors?)|inspectors?|someone|university)\b|\bchild labou?r\b~6(?:costs?|profit|keep|factory|"
        r"use)|\b(?:use|using|employ\w*)~1child labou?r\b|\bfake (?:a )?suicide note\b|\bsuicide note\b|"
        r"\blaunder(?:ing)?~2(?:money|funds|cash)\b|\b(?:sex|human|child|organ) traffick\w+|\bmanipulat\w+~3(?:election|"
        r"financial markets?|stock|votes?|voters|people|others|minds?)\b|\brig~3(?:election|vote|lotter\w+|"
        r"match\w*|casino)\b|\binsider trading\b|\b(?:cheat|lie)~2(?:on|in|to|during)~2(?:exams?|tests?|"
        r"taxes|immigration|court|police|insurance)\b",
        "murder arson fraud theft burglary robbery suicide genocide treason perjury assault crime crimes "
        "terrorism terrorist terrorists evasion laundering launder trafficking traffick embezzlement "
        "blackmail extortion bribery insider blackmailing pyramid "
        "ponzi shoplifting vandalism shooting shootings massacre massacres kidnapping rape sexual incest "
        "bestiality necrophilia child labor labour abuse war violence atrocities invasion manipulate "
        "manipulates manipulating rig cheat cheating lie bribe bribes bribing note",
    ),
    evidence(
        "gets away with it",
        _KIND,
        2.5,
        r"\bwithout (?:getting |being |ever )?(?:caught|detected|detection|noticed|traced|discovered|"
        r"suspicion|arousing|anyone (?:knowing|noticing|finding)|them (?:knowing|noticing)|his knowledge|"
        r"her knowledge|their (?:knowledge|consent|permission)|leaving|a trace|raising|permission|paying|"
        r"a prescription)\b|\bget(?:ting)? away with\b|"
        r"\bcover(?:ing)?(?: up)? (?:your|my|the|our|their|his|her) tracks\b|\bundetect\w+\b|\buntraceable\b|"
        r"\b(?:evad\w+|avoid\w*|escap\w+|elud\w+)~2(?:law enforcement|police|taxes|detection|customs|"
        r"arrest|capture|getting caught|being caught|prosecution|authorities|security)\b|\billegally\b|"
        r"\bcovert(?:ly)?\b|\bbypass~3(?:security|safety|censorship|law|filter|verification|checks?)\b",
        "caught detected detection noticed traced discovered suspicion anyone them knowledge consent "
        "permission leaving trace away cover covering undetected undetectable untraceable evade evading "
        "evades avoid avoiding escape escaping elude illegally covert covertly bypass paying prescription",
    ),
    evidence(
        "forges and deceives",
        _KIND,
        2.2,
        rf"\b(?:{MAKE})~5{LIES}\b|\bcounterfeit\w*|\bforg(?:e|ing|ery|ed)~2(?:signature|document|id|passport|"
        rf"check|cheque|prescription|certificate|currency|money|transcript)s?\b|\bfake (?:ids?|passports?|"
        rf"money|news|reviews?|identit\w+|prescriptions?|medical|vaccin\w+|degrees?|diplomas?)\b"
        r"|\bfalse(?:ly)? (?:information|accus\w+|claims?|rumou?rs?)\b|\btrick\w*~5(?:reveal\w*|giv\w+|"
        r"send\w*|click\w*|download\w*|shar\w+|into)\b|\bscam\w*~3(?:people|elderly|users?|customers|"
        r"money|victims?)\b|\b(?:steal|get|obtain|reveal\w*|extract)~4(?:personal|private|sensitive|"
        r"confidential|financial)~1(?:information|data|details|secrets)\b",
        "fake misinformation disinformation false falsely propaganda conspiracy hoax hoaxes deepfake "
        "deepfakes defamatory defame libel slander hate rumors rumours rumor rumour counterfeit counterfeiting "
        "counterfeits forge forging forgery forged trick tricks tricking "
        "scam scamming scams personal private sensitive confidential financial",
    ),
    evidence(
        "wants harm, other languages",
        _KIND,
        2.8,
        r"\b(?:bombe|sprengstoff|drogen|waffe|waffen|molotow|schadsoftware|bankraub|umbringen|ermorden|"
        r"vergiften|hacken|stehlen|erpressen|bomba|bombas|explosivo|explosivos|droga|drogas|arma|veneno|"
        r"matar|asesinar|envenenar|hackear|robar|roubar|assassinar|chantajear|bombes|explosifs|drogue|"
        r"drogues|tuer|assassiner|empoisonner|pirater|uccidere|assassinare|avvelenare|rubare|esplosivo|"
        r"esplosivi|hackerare|senjata|membunuh|meracuni|meretas|mencuri|öldürmek|zehirlemek|uyuşturucu)\b",
        "bombe sprengstoff drogen waffe waffen molotow schadsoftware bankraub umbringen ermorden vergiften "
        "hacken stehlen erpressen bomba "
        "bombas explosivo explosivos droga drogas arma veneno matar asesinar envenenar hackear robar "
        "roubar assassinar chantajear bombes "
        "explosifs drogue drogues tuer assassiner empoisonner pirater uccidere assassinare avvelenare "
        "rubare esplosivo esplosivi hackerare "
        "senjata membunuh meracuni meretas mencuri öldürmek zehirlemek uyuşturucu",
    ),
    evidence(
        "wants harm, other scripts",
        _KIND,
        2.8,
        r"бомб\w+|взрывчатк\w+|наркотик\w+|убить|отравить|взломать|украсть|шантажировать|炸弹|炸弾|爆弾|爆彈|"
        r"炸药|爆薬|毒品|麻薬|覚醒剤|冰毒|杀人|殺人|杀死|杀掉|殺す|毒死|毒杀|投毒|黑客|入侵|"
        r"ハッキング|偷窃|盗む|勒索|恐吓|폭탄|마약|살인|죽이|해킹|훔치|협박|قنبلة|متفجرات|مخدرات|قتل|اختراق|سرقة|تسميم|हत्या|ज़हर|"
        r"चोरी|giết|đầu độc|ma túy",
        scripts=True,
    ),
)
