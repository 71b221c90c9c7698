"""Words of harm and of those it is done to, as parts of patterns."""

from __future__ import annotations

KIN = (
    r"(?:wife|husband|girlfriend|boyfriend|ex|partner|spouse|neighbou?rs?|boss|cowork\w+|co-workers?|"
    r"colleagues?|room-?mates?|classmates?|teachers?|"
    r"students?|friends?|enem(?:y|ies)|rivals?|mother|father|mom|mum|dad|parents?|brothers?|sisters?|"
    r"siblings?|sons?|daughters?|family|grand(?:ma|mother|father|pa|parents?)|"
    r"employees?|employers?|patients?|clients?|landlord|tenants?|mentees?|dates?|servants?|competitors?|"
    r"crush|stepmother|stepfather|cousins?|uncle|aunt)"
)
GROUP = (
    r"(?:jew(?:s|ish)?|muslims?|islam\w*|christians?|catholics?|hindus?|buddhists?|black(?:s| people|"
    r" men| women)?|white(?:s| people)|african\w*|asians?|asian people|latin[oax]s?|latinx|"
    r"hispanics?|mexicans?|arabs?|chinese|indians?|roma|gyps(?:y|ies)|immigrants?|migrants?|refugees?|"
    r"foreigners?|indigenous|native\w*|minorit(?:y|ies)|ethnic\w*|races?|women|woman|females?|"
    r"gays?|gay people|lesbians?|bisexual\w*|trans(?:gender)?(?: people| women| men)?|asexual\w*|"
    r"non-?binary|lgbt\w*|homosexuals?|queer\w*|disabled|disabilit\w+|autistic|homeless|elderly|"
    r"old people|"
    r"poor people|divorced|pregnant|people (?:on|with|from|of)|atheists?|blonde\w*|fat people|obese)"
)
PEOPLE = (
    rf"(?:(?:a|an|the|my|your|his|her|their|our|another|some|random|innocent|young|other|many|as|"
    rf"many|more|entire|whole|specific|certain|political|famous|of|in|up|all|old|someone's)\W+){{0,4}}?"
    rf"(?:person|people|persons|some(?:one|body)|any(?:one|body)|others|humans?|humanity|mankind|"
    rf"civilians?|man|woman|men|women|girls?|boys?|child(?:ren)?|kids?|minors?|bab(?:y|ies)|infants?|"
    rf"teen\w*|{KIN}|politicians?|president|prime minister|senators?|judges?|cops?|police(?: officers?)?|"
    rf"officers?|soldiers?|celebrit\w+|journalists?|victims?|strangers?|hostages?|"
    rf"guards?|pedestrians?|homeowners?|him|her|them|{GROUP})\b"
)
HURT = (
    r"(?:kill\w*|murder\w*|assassinat\w+|poison\w*|strangl\w+|throttl\w+|suffocat\w+|smother\w*|"
    r"stab(?:bing)?|shoot(?:ing)?|behead\w*|execut(?:e|ing)|tortur\w+|rap(?:e|ing)|molest\w*|assault\w*|"
    r"attack(?:ing)?|beat(?:ing)?|kidnap\w*|abduct\w*|hurt(?:ing)?|harm(?:ing)?|injur(?:e|ing)|punch\w*|"
    r"slap\w*|drown\w*|maim\w*|crippl\w+|drug(?:ging)?|terminat(?:e|ing)|eliminat(?:e|ing)|annihilat\w+|"
    r"exterminat\w+|wip(?:e|ing) out|massacr\w+|slaughter\w*|lynch\w*|castrat\w+|mutilat\w+|dismember\w*|"
    r"chop(?:ping)? up|tackl(?:e|ing)|hammer(?:ing)?|headshot|knockout punch|burn(?:ing)? alive|"
    r"run(?:ning)? over|enslav\w+|traffic(?:king)?|groom(?:ing)?|seduc(?:e|ing)|stalk\w*|blackmail\w*|"
    r"extort\w*|bully\w*|cyberbull\w+|harass\w*|threaten\w*|intimidat\w+|humiliat\w+|dox+(?:ing)?|"
    r"scam(?:ming)?|defraud\w*|con(?:ning)?|brainwash\w*|radicali[sz]\w+|exploit(?:ing)?|coerc\w+|"
    r"gaslight\w*|impersonat\w+|spy(?:ing)?|sabotag\w+|discriminat\w+|choke)"
)
THINGS = (
    r"(?:bombs?|pipe ?bombs?|explosives?|explosive devices?|grenades?|molotov\w*|ieds?|tnt|napalm|"
    r"thermite|nerve (?:gas|agents?)|sarin|ricin|anthrax|cyanide|mustard gas|"
    r"(?:chemical|biological|nuclear|bio|dangerous|illegal|improvised|homemade|untraceable)[ -]?weapons?|"
    r"bioweapons?|dirty bomb|landmines?|silencers?|suppressors?|ghost guns?|firearms?|ammunition|"
    r"guns?(?! (?:safe|control|law|violence|right|owner|show|licen|debate|polic)))"
)
DRUGS = (
    r"(?:meth(?:amphetamine)?s?|crystal meth|heroin|cocaine|crack|fentanyl|lsd|mdma|ecstasy|ghb|"
    r"rohypnol|ketamine|pcp|dmt|opioids?|marihuana|marijuana|weed(?! (?:killer|whack|eater|control|"
    r"out|barrier|my|the))|cannabis|psilocybin|steroids|"
    r"(?:illegal|illicit|hard|date[- ]rape|recreational|prescription) (?:drugs?|substances?)|drugs|"
    r"roofies|amphetamines?)"
)
MALWARE = (
    r"(?:malware|ransomware|spyware|adware|keyloggers?|key loggers?|trojans?|rootkits?|botnets?|"
    r"computer (?:virus(?:es)?|worms?)|virus(?:es)?|worms?|backdoors?|exploits?|phishing|spear-?phishing|"
    r"ddos|denial[- ]of[- ]service|brute[- ]?force|sql injection|cyber-?attacks?|zero[- ]days?|credential stuffing|"
    r"spam(?:ming)?|scams?|malicious (?:software|code|programs?|scripts?|files?|links?|payloads?|"
    r"emails?|apps?))"
)
LIES = (
    r"(?:fake (?:news|reviews?|profiles?|accounts?|ids?|passports?|identit\w+|documents?|money|bills|"
    r"prescriptions?|diplomas?|degrees?|certificates?|licen[cs]es?|charit\w+|invoices?|evidence|"
    r"online|emails?|websites?|"
    r"testimonials?|tickets?|vaccin\w+|social)|misinformation|disinformation|false (?:information|"
    r"news|claims?|rumou?rs?|accusations?|evidence)|propaganda|conspiracy theor\w+|hoax\w*|deepfakes?|"
    r"defam\w+|libel\w*|slander\w*|"
    r"hate speech|rumou?rs)"
)
CRIMES = (
    r"(?:murder|arson|fraud|theft|burglary|robbery|suicide|genocide|treason|perjury|assault|violent assault|"
    r"crimes?|terroris[mt]\w*|identity theft|(?:insurance|tax|credit card|wire|welfare|mail|voter|"
    r"election|bank|securities|"
    r"medicare|financial) fraud|tax evasion|money laundering|human trafficking|embezzlement|blackmail|"
    r"extortion|bribery|bribing|insider trading|blackmailing|pyramid schemes?|ponzi schemes?|shoplifting|"
    r"vandalism|hate crimes?|"
    r"war crimes?|mass shootings?|school shootings?|massacres?|kidnapping|rape|sexual assault|incest|"
    r"bestiality|necrophilia|child (?:labou?r|abuse|porn\w*)|war|violence|atrocit\w+|home invasions?|"
    r"hit-?and-?runs?)"
)
MAKE = (
    r"(?:mak(?:e|ing)|build(?:ing)?|creat(?:e|ing)|construct(?:ing)?|assembl(?:e|ing)|produc(?:e|"
    r"ing)|synthesi[sz](?:e|ing)|cook(?:ing)?|manufactur(?:e|ing)|grow(?:ing)?|get(?:ting)?|buy(?:ing)?|"
    r"obtain(?:ing)?|"
    r"acquir(?:e|ing)|purchas(?:e|ing)|sell(?:ing)?|smuggl(?:e|ing)|distribut(?:e|ing)|deal(?:ing)?|"
    r"us(?:e|ing)|hid(?:e|ing)|writ(?:e|ing)|develop(?:ing)?|design(?:ing)?|deploy(?:ing)?|launch(?:ing)?|"
    r"spread(?:s|ing)?|generat(?:e|ing)|publish(?:ing)?|detonat\w+|explod\w+|plant(?:ing)?|set(?:ting)? (?:up|"
    r"off)|run(?:ning)?|inject(?:ing)?|send(?:ing|s)?|print(?:ing)?|forg(?:e|ing)|modif\w+|3d[- ]print\w*|"
    r"conduct\w*|"
    r"perform\w*|commit\w*|execut(?:e|ing)|carry(?:ing)? out|start(?:ing)?|organi[sz](?:e|ing)|orchestrat\w+|"
    r"promot\w+|encourag\w+|glorif\w+|incit\w+|justif\w+|normali[sz]\w+|post(?:s|ing)?|advocat\w+|"
    r"facilitat\w+|"
    r"support(?:s|ing)?|instigat\w+|persuad\w+|convinc\w+|provok\w+|extract\w*|cultivat\w+|convert\w*|"
    r"script for|tutorial (?:on|for)|guide (?:on|to|for)|instructions (?:on|to|for)|recipe for|plan(?:ning)? (?:for|"
    r"a|to))"
)
