"""How a household asks in English. Texts come in small letters without marks (``questions``)."""

from __future__ import annotations

import re

from gateway.notices.chat.grammar import ChatQuestion, Grammar, any_days, rule

_Q = ChatQuestion

# As in French: of the electricity of the house, and of nothing else that has a meter.
_HOUSE = (
    r"electric\w*|energy|kwh|kilowatt\w*|power|usage|use|used|using|consum\w*|house|home|household|flat|meter|family"
    r"|dr[ae]w\w*|grid|figures?|household|through|went|burn\w*|wast\w+|pull\w*"
)
_EASY = r"really|exactly|roughly|about|yet|already|currently|ever|now|right|ok|okay|just|quite"
_THINGS = r"machine|dishwasher|laundry|washing|washer|dryer|tumble|car|ev|boiler|oven|wash"
_WHO = r"who|anyone|anybody|someone|somebody|everyone|else|others?|co|op|coop|edf|enedis|town|company|people|internet"
_DATA = r"data|figures|usage|consumption|readings?|information|info|curve|numbers"
_GIVEN = (
    r"get\w*|see\w*|ha[sd]|have|having|read\w*|receiv\w*|ask\w*|want\w*|know\w*|access\w*|watch\w*|look\w*|send\w*|sent"
    r"|shar\w*|spy\w*|given|view\w*"
)
_WATER = (
    r"litres?|liters?|l|m3|cubic|lot|household|went|through|met(?:re|er)s?|use[ds]?|using|usage|consum\w*"
    r"|readings?|index|house"
)
_STOP = (
    r"stop\w*|withdraw\w*|revok\w*|cancel\w*|block\w*|end|remov\w*|cut|disabl\w*|suspend\w*|refus\w*|accept\w*|allow\w*"
    r"|approv\w*|reject\w*|pause|don t|no longer|do not"
)
_SHARED = r"shar\w*|send\w*|data|consents?|access|recipients?|requests?|permissions?|giving|getting|receiv\w*|seeing"
_RULES = (
    rule(
        _Q.SET,
        r"(?:warn|alert|notify|tell me|let me know|ping) .*(?:if|when|as soon as) .*(?:over|above|exceed\w*|below"
        r"|under|more|less"
        r"|red|peak)|(?:set|change|raise|lower) .*(?:limit|goal|budget|target|alert|cap|objective)",
        r".*",
    ),
    rule(
        _Q.OFFERS,
        r"(?:save|cheaper|better|switch\w*|worth|chang\w*) .*(?:option|tariff|tempo|offer|supplier|contract|plan|peak)"
        r"|(?:option|tariff|tempo|offer|supplier|contract|plan) .*(?:cheaper|better|worth|save)|compare .*(?:tariffs"
        r"|offers)",
        rf"save|money|cheaper|better|switch\w*|worth|chang\w*|option|tariffs?|tempo|offers?|supplier|contract|plan"
        rf"|off|peak"
        rf"|other|another|base|hp|hc|hp/hc|without|check|{_HOUSE}",
    ),
    rule(_Q.BACKUP, r"backups?|backed up", r"ok|okay|fine|done|work\w*|last|night|state|status|made|when|right"),
    rule(
        _Q.UPDATE,
        r"updates?|(?:new|newer|software) version|version|up to date",
        r"new|newer|software|waiting|installed|install|available|any|latest|current|gateway|box|running|which",
    ),
    rule(
        _Q.ERASE,
        r"(?:delet|eras|wip)\w* .*(?:(?:my|our|all|all my) (?:data|readings?|history))",
        r"delet\w*|eras\w*|wip\w*|data|readings?|history|want",
    ),
    rule(
        _Q.DECIDE,
        rf"(?:{_STOP}) .*(?:{_SHARED})|(?:{_SHARED}) .*(?:stop|stopped|withdrawn|revoked|cancelled)"
        r"|how .*(?:share|withdraw|allow)|delete what .*has",
        rf"{_STOP}|{_SHARED}|want\w*|longer|any\w*|don|more|with|want|not|no|need",
        2,
    ),
    rule(
        _Q.SHARING,
        rf"(?:{_WHO}) .*(?:{_GIVEN}) .*(?:{_DATA})|(?:send|sends|sent|sending|share|shares|shared|sharing) .*(?:data"
        rf"|usage)"
        rf"|data .*(?:go|goes|going|sent|shared|leav\w+|private|safe)|(?:does|do|can|is|are) .*(?:{_GIVEN})"
        rf" .*(?:{_DATA})",
        rf"{_WHO}|{_GIVEN}|{_DATA}|go|goes|going|leav\w+|house|private|safe|where|any|outside",
        1,
    ),
    rule(
        _Q.SHARING,
        r"sharing|recipients?|consents?|requests?|(?:we|i) share|who (?:is |s )?(?:watching|spying|can see|sees)",
        r"pending|waiting|data|any\w*|new|list|who|watching|spying|active|currently|open|with|us|me|see",
    ),
    rule(
        _Q.GOAL,
        r"goals?|budget|targets?|objectives?|on track",
        rf"within|blow|not|against|stay\w*|exceed\w*|left|reach\w*|over|under|below|track|keep\w*|stick\w*|hit|doing"
        rf"|going"
        rf"|meet\w*|remain\w*|by"
        rf"|{_HOUSE}|{_EASY}",
    ),
    rule(
        _Q.TEMPO,
        r"tempo|colou?rs?|red|white|blue",
        r"days?|left|any|tomorrow|season|remain\w*|winter|edf|next|going|or|not|more",
    ),
    rule(_Q.WATER, r"water|litres?|liters?", _WATER),
    rule(_Q.GAS, r"gas", _WATER),
    rule(_Q.HEAT, r"heat", rf"{_WATER}|energy|kwh"),
    rule(
        _Q.AVERAGE,
        r"average|on average|mean|perday|daily",
        rf"average|{_HOUSE}|{_EASY}",
    ),
    rule(
        _Q.MOST,
        r"whichday .*(?:most|highest|worst)|highestday",
        rf"whichday|most|highest|worst|{_HOUSE}",
    ),
    rule(
        _Q.PEAK,
        r"biggest peak|(?<!off )peak (?:power|load|demand)|max|maximum|highest|(?:when|what time|hour) .*(?:the )?most",
        rf"half|hour|time|most|when|load|demand|watts?|peak|biggest|{_HOUSE}",
    ),
    rule(
        _Q.USAGE,
        r"(?:much|many|usage|kwh|consumption|split) .*(?:off ?peak|peak)|(?:off ?peak|peak) (?:hours? )?(?:usage"
        r"|consumption|kwh)",
        rf"off|peak|full|split|between|hours?|during|{_HOUSE}",
        dated=True,
    ),
    rule(_Q.PEAK, r"(?<!off )peak", dated=True),
    rule(
        _Q.COMPARE,
        r"(?:more|less|better|worse|higher|lower|much) .*than|compar\w+|usual|(?:up|down) on|versus|vs|against"
        r"|difference between|as much as",
        rf"more|less|better|worse|higher|lower|than|compar\w+|usual|up|down|on|versus|vs|against|difference|between"
        rf"|or|doing|{_HOUSE}|{_EASY}",
    ),
    rule(
        _Q.PRICE,
        r"(?:per|an?|one) (?:kwh|kilowatt\w*)|per hour|(?:an|each) hour|price .*(?:now|moment)|price of"
        r" (?:electricity|power)"
        r"|(?:electricity|power|kwh) .*(?:cheap|expensive|dear)",
        rf"price|cost\w*|per|hour|now|moment|each|right|off|peak|cheap|expensive|dear|today|pay\w*|{_HOUSE}",
    ),
    rule(
        _Q.BASE_LOAD,
        r"base ?load|stand ?by|at night|overnight|everything (?:is |s )?(?:off|turned off|switched off)"
        r"|(?:while|when) .*(?:asleep|sleep\w*)",
        rf"off|turned|switched|while|when|asleep|sleep\w*|running|nothing|everything|idle|on|{_HOUSE}",
    ),
    rule(
        _Q.INDEX,
        r"reading|readings|index|register|meter (?:say|show|stand"
        r"|read)s?",
        rf"current|edf|supplier|give|need|say\w*|{_HOUSE}|{_EASY}",
    ),
    rule(
        _Q.SOLAR,
        r"solar|sunshine|self consumption|sun (?:give|gave|make|made|bring|brought)|panels?|produc\w*|generat\w*"
        r"|export\w*|inject\w*|s[eo]l[dl]"
        r" .*|sent to the grid|went to the grid|pv"
        r"|(?:send|sent|fed|feed|gave|give) .*grid",
        rf"sun|share|rate|self|went|ourselves|working|roof|back|sold|sell|send|sent|fed|feed|went|gave|give|make|made"
        rf"|kwh|{_HOUSE}"
        rf"|{_EASY}",
    ),
    rule(
        _Q.TARIFF,
        r"(?:when|what time) .*(?:cheap\w*|off ?peak|peak)",
        rf"when|time|cheap\w*|off|peak|hours?|begin\w*|start\w*|end\w*|finish\w*|tomorrow|next|period|tonight|rate"
        rf"|until"
        rf"|over|{_HOUSE}",
    ),
    rule(
        _Q.COST,
        r"cost\w*|bill\w*|euros?|€|spend\w*|spent|pay|paid|money|price|expensive|owe",
        rf"end|expect\w*|forecast\w*|project\w*|estimat\w*|next|likely|going|high|{_HOUSE}|{_EASY}",
    ),
    rule(
        _Q.TARIFF,
        rf"off ?peak|peak|tariff|cheap\w*|hours|rate|(?:run|start|use|do|charge|put) .*(?:{_THINGS})"
        rf"|(?:{_THINGS}) .*(?:now|wait|later)",
        rf"off|peak|tariff|cheap\w*|hours?|rate|run|start|use|do|charge|put|yet|now|time|can|should|tomorrow|wait"
        rf"|later|good"
        rf"|moment|right|best|tonight|better|next|until|long|period|current|{_THINGS}|{_HOUSE}",
    ),
    rule(
        _Q.POWER,
        r"power|watts?|kva|load|near the limit|close to the limit|right now|currently|at the moment|trip\w*|breaker"
        r"|fuse"
        r"|(?:am|are|is|s|re) .*(?:using|consuming|drawing)",
        rf"watts?|kva|right|now|currently|moment|trip\w*|breaker|fuse|[1-9]|[1-3][0-9]|subscribed|subscription|contract|close"
        rf"|risk|going"
        rf"|limit|load|near|if|export\w*|{_HOUSE}",
        dated=False,
    ),
    rule(
        _Q.HELP,
        r"help|what can .*(?:you|i)|commands?|what (?:do|else can) you|how (?:does|do) (?:this|it|you) work|what .*for"
        r"|which questions|instructions",
        "help|commands?|what|can|do|ask|say|know|answer|questions?|work|works|which|else|else|help|instructions|kind"
        "|things"
        "|sort|use",
    ),
    rule(
        _Q.STATE,
        r"are you there|still alive|you alive|last hear\w*|last reading .*when|when .*last reading|state|status"
        r"|alerts?|problems?|issues?|wrong|faults?|works?|working|online"
        r"|errors?|connected|broken"
        r"|(?:everything|all|it|things) .*(?:ok|okay|fine|right|good|well)|meter .*(?:read|heard|responding|answering)"
        r"|in order",
        r"state|status|alerts?|problems?|issues?|wrong|faults?|works?|working|online|everything|ok|okay|fine|right"
        r"|meter"
        r"|any\w*|there|not|well|still|errors?|connected|broken|read|heard|being|was|box|gateway|last|hear\w*|readings?"
        r"|alive|responding"
        r"|answering|linky|system"
        r"|order"
        r"|properly|something|good|things|running|correctly",
    ),
    rule(
        _Q.USAGE,
        r"usage|use|used|using|consum\w+|kwh|draw|drawn|electricity|energy|got through|burn\w*|wast\w+",
        rf"{_HOUSE}|{_EASY}",
    ),
    any_days(_Q.USAGE),
    rule(_Q.POWER, r"now", dated=False),
    rule(_Q.HELLO, r"hello|hi|hey|good (?:morning|evening|afternoon|night)", "everyone|all|there|how|are"),
    rule(_Q.THANKS, r"thanks?|thank you|cheers|ta", "niceday|much|lot|very|ok|great|perfect|so|bunch|lovely|brilliant"),
)
_KNOWN = frozenset(
    "a able about actually all also am an and are as at be been being but by can check could d did display do does"
    " during far"
    " find for from gateway get gets getting gimme give go going got ha had has have having hello here hey hi how i"
    " if in"
    " indicate into is it its just know let like ll look m many may me mind much my need of off on one our out please"
    " pls"
    " plz quick re s say see shall she should show so some still tell than thanks that the their them then there they"
    " thing this to total up us ve wanna want wanted was we were what whats when where which alive anything bad check"
    " even explain forgot kick making reckon reckons remind same these think time times under whether went who will"
    " with wonder"
    " wondering"
    " would you your yours he her his him out altogether overall whole all in total yeah yes oh well okay ok or".split()
)
_PERSON = (
    r"(?:my|our|the) (?:\w+ )?(?:wife|husband|daughter|son|kids?|children|mother|father|mum|mom|dad|parents|partner"
    r"|girlfriend"
    r"|boyfriend|sister|brother|grandmother|grandfather|gran|neighbou?rs?|flatmates?|friends?|family|landlord|tenants?)"
    r"|mum|mom|dad|grandma|grandpa|everybody|everyone|someone"
)
_ASKS = (
    r"(?:(?:is|are|s|keeps?|was|were) )?(?:asks?|asking|asked|wants?|wanted|wonders?|wondering|would like|d like"
    r"|needs?)"
    r"(?: (?:me|us))?(?: to (?:know|see|find out))?"
    r"|(?:says|thinks|reckons|claims|believes)(?: that)?"
)
_AROUND = re.compile(
    r"^(?:(?:hello|hi|hey|ok|okay|so|well|um|good (?:morning|evening|afternoon))(?: (?:there|linky|gateway))? )+(?=.)"
    rf"|\b(?:{_PERSON}) (?:{_ASKS})(?: (?:if|whether|about))?(?= )|\b(?:for|tell) (?:{_PERSON})(?= |$)"
    r"|(?<=.)(?: (?:please|thanks(?: a lot)?|thank you|cheers|pls|plz))+$"
)
_ELSEWHEN = re.compile(
    r"\b(?:tomorrow|next|morning|noon|afternoon|evening|tonight|night|hours?|\d{1,2} ?[ap]m|summer|winter|spring|autumn"
    r"|christmas|holidays?|(?:per|each|every|a) (?:day|week|month|year))\b"
)
_ORDERS = re.compile(r"\b(?:not|t|no|stop\w*|withdraw\w*|revok\w*|delet\w*|remov\w*|cancel\w*|eras\w*|block\w*)\b")
_ELSE = re.compile(r"\b(?:wifi|internet|power|meter|heating|light|password)\b")
_WRITTEN = {
    "2day": "today", "2moro": "tomorrow", "tmrw": "tomorrow", "tmr": "tomorrow", "yday": "yesterday", "rn": "right now",
    "thx": "thanks", "hiya": "hi", "jan": "january", "feb": "february", "apr": "april",
    "aug": "august", "sept": "september", "oct": "october", "nov": "november", "dec": "december", "highest": "highest",
    "u": "you",
    "r": "are", "hrs": "hours", "elec": "electricity", "leccy": "electricity", "dont": "don t", "wheres": "where is",
    "hows": "how is", "im": "i am", "were": "were", "coop": "coop", "offpeak": "off peak", "two": "2", "three": "3",
    "four": "4", "five": "5", "six": "6", "seven": "7", "ten": "10", "fifteen": "15", "thirty": "30",
}  # fmt: skip
_JOINED = (
    (re.compile(r"\b(?:good|nice|great|lovely) (?:weekend|day|evening|week|one)\b"), "niceday"),
    (re.compile(r"\b(?:per|a|each|every) day\b"), "perday"),
    (re.compile(r"\b(?:which|what)(?: was| is)?(?: the| my| our)? day(?= .*\b(?:most|highest|worst)\b)"), "whichday"),
    (re.compile(r"\b(?:highest|worst|biggest|heaviest) day\b"), "highestday"),
)
_SPELT = frozenset(
    "yesterday consumption electricity recipient reading weekend saturday sunday monday tuesday wednesday thursday"
    " friday"
    " highest january february september october november december tomorrow budget objective sharing status washing"
    " machine"
    " dishwasher consume working moment expensive month today usage".split()
)
ENGLISH = Grammar(_RULES, _KNOWN, _AROUND, _ORDERS, _ELSEWHEN, _WRITTEN, _JOINED, _SPELT, _ELSE)
