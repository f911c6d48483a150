"""The prompts: a grammar after the paper's template, and the 500 that it makes.

Animate-X (arXiv:2410.10306v2, appendix B.2) had a closed language model fill `a cute
anthropomorphic [object], ..., [season], [province], [specific location], high quality` 500 times;
its list was never released. Ours is made by this grammar: the same words everywhere, no model, and
committed as `prompts_1.csv`, which a test makes again. A changed word is another version.
"""

import csv
import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TypeVar

from a2bench.errors import A2BenchError
from a2bench.paths import read_utf8

GRAMMAR = "a2bench-prompts/1"
COUNT = 500

TEMPLATE = (
    "a cute anthropomorphic {object}, cute, anthropomorphic, with arms and legs, standing, "
    "dancing, {season}, {province}, {location}, high quality."
)
"""The paper's."""

MOST_PROMPTS, MOST_CHARACTERS = 10_000, 1000
"""Of a list of one's own."""

_OBJECTS = {
    "animals": """panda, red fox, hedgehog, penguin, giraffe, otter, koala, frog, owl, rabbit,
        elephant, squirrel, tiger cub, duckling, turtle, goat, camel, piglet, crab, snail, whale,
        kangaroo, raccoon, yak, crane, goldfish, hamster, seal, donkey, lion""",
    "plants": """cactus, sunflower, mushroom, bonsai tree, dandelion, lotus flower, bamboo shoot,
        maple leaf, tulip, pine cone, fern, acorn, clover, rose, potted aloe, wheat sheaf,
        water lily, chestnut, daisy, willow tree""",
    "fruit": """strawberry, pineapple, banana, watermelon, coconut, peach, pomegranate, lemon,
        dragon fruit, pear, mango, blueberry, kiwi, grape bunch, cherry, papaya, lychee, durian,
        apricot, tangerine""",
    "vegetables": """southern potato, carrot, broccoli, pumpkin, eggplant, chilli pepper, garlic
        bulb, corn cob, radish, tomato, pea pod, cabbage, onion, cucumber, beetroot, asparagus,
        ginger root, sweet potato, cauliflower, lotus root""",
    "food": """steamed bun, dumpling, cupcake, hamburger, bowl of noodles, slice of pizza, ice
        cream cone, rice ball, croissant, mooncake, fried egg, block of tofu, doughnut, tea egg,
        candied haw skewer, pancake, sushi roll, waffle, spring roll, block of cheese""",
    "household things": """water bottle, teapot, tissue box, alarm clock, umbrella, toothbrush,
        broom, candle, soap bar, frying pan, kettle, thermos flask, paper lantern, rice cooker,
        vase, chopsticks holder, watering can, mirror, backpack, straw hat, rubber boot, sponge,
        pillow, key, spoon""",
    "furniture": """armchair, floor lamp, wooden stool, bookshelf, wardrobe, desk, rocking chair,
        bunk bed, coffee table, chest of drawers, sofa, bench, folding screen, bedside table,
        coat stand""",
    "machines": """mobile phone, TV set, washing machine, camera, toaster, bicycle, fire engine,
        robot vacuum, tractor, radio, hot air balloon, sewing machine, laptop, traffic light,
        electric fan, steam locomotive, headphones, game controller, lighthouse, wind turbine""",
    "instruments and toys": """guitar, drum, erhu, violin, trumpet, teddy bear, kite, spinning top,
        building block, football, rocking horse, accordion, piano, balloon, rubber duck, dice,
        shuttlecock, snow globe, bamboo flute, puzzle piece""",
}  # fmt: skip

_SEASONS = """spring, early spring, summer, hot summer, autumn, golden autumn, winter, snowy winter,
    Chinese New Year, Mid-Autumn Festival"""

_PLACES = {
    "Anhui": "Huangshan, old village lane, tea garden",
    "Beijing": "hutong courtyard, Temple of Heaven, lakeside park",
    "Chongqing": "riverside stairs, hotpot restaurant, cable car station",
    "Fujian": "earth building, harbour, tea house",
    "Gansu": "desert dunes, noodle shop, grotto terrace",
    "Guangdong": "restaurant, flower market, arcade street",
    "Guangxi": "karst river bank, rice terraces, night market",
    "Guizhou": "drum tower, waterfall, stilt-house village",
    "Hainan": "coconut orchard, beach, fishing pier",
    "Hebei": "grassland, seaside boardwalk, Great Wall",
    "Heilongjiang": "Ice and Snow World, birch forest, ski slope",
    "Henan": "peony garden, temple square, wheat field",
    "Hong Kong": "harbour promenade, tram stop, rooftop",
    "Hubei": "lakeside, university campus, breakfast stall",
    "Hunan": "ancient town bridge, sandstone pillars, living room",
    "Inner Mongolia": "grassland, yurt, sand lake",
    "Jiangsu": "classical garden, canal street, museum hall",
    "Jiangxi": "porcelain workshop, rapeseed field, lake shore",
    "Jilin": "mountain lake, film studio, snow village",
    "Liaoning": "plains, seaside, zoo",
    "Macau": "tiled square, pastry shop, lighthouse hill",
    "Ningxia": "vineyard, desert camp, rice paddy",
    "Qinghai": "salt lake, prairie, mountain pass",
    "Shaanxi": "city wall, cave dwelling, apple orchard",
    "Shandong": "spring park, beach, kitchen",
    "Shanghai": "riverfront, tree-lined street, shopping mall",
    "Shanxi": "old bank courtyard, loess hills, noodle kitchen",
    "Sichuan": "zoo, bamboo forest, tea house",
    "Taiwan": "night market, mountain railway, classroom",
    "Tianjin": "clock square, river bridge, theatre stage",
    "Tibet": "palace square, lake shore, barley field",
    "Xinjiang": "grape valley, bazaar, lavender field",
    "Yunnan": "flower field, old town, terrace cafe",
    "Zhejiang": "living room, lake causeway, water town",
}

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Prompt:
    """One prompt and what the template was filled with.

    Attributes:
        id: `p0001` and so on, the order in which prompts are used.
        category: of the object; "" in a list of one's own, where only `text` is known.
        text: the whole sentence.
    """

    id: str
    category: str
    object: str
    season: str
    province: str
    location: str
    text: str


def _words(listed: str) -> list[str]:
    return [" ".join(word.split()) for word in listed.split(",")]


def _number(*parts: object) -> int:
    """Return a large number from a text, the same on every machine."""
    text = "|".join(map(str, (GRAMMAR, *parts)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _chosen(options: Sequence[Kind], *parts: object) -> Kind:
    return options[_number(*parts) % len(options)]


def grammar_prompts(count: int = COUNT) -> tuple[Prompt, ...]:
    """Return the first prompts of the grammar, all different.

    Categories take turns, and a category's objects one after the other in a shuffled order, so any
    first part of the list is as mixed as the whole.
    """
    categories = list(_OBJECTS)
    objects = {
        category: sorted(_words(listed), key=lambda word: _number("object", word))
        for category, listed in _OBJECTS.items()
    }
    seasons, provinces = _words(_SEASONS), list(_PLACES)
    found: list[Prompt] = []
    seen: set[str] = set()
    for index in range(count):
        round_number, turn = divmod(index, len(categories))
        mine = objects[category := categories[turn]]
        thing = mine[round_number % len(mine)]
        attempt = 0
        while True:
            season = _chosen(seasons, "season", index, attempt)
            province = _chosen(provinces, "province", index, attempt)
            location = _chosen(_words(_PLACES[province]), "location", index, attempt)
            text = TEMPLATE.format(
                object=thing, season=season, province=province, location=location
            )
            if text not in seen:
                break
            attempt += 1
        seen.add(text)
        key = f"p{index + 1:04d}"
        found.append(Prompt(key, category, thing, season, province, location, text))
    return tuple(found)


def as_csv(prompts: Sequence[Prompt]) -> str:
    """Return prompts as the committed file has them."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    names = [one.name for one in fields(Prompt)]
    writer.writerow(names)
    writer.writerows([getattr(prompt, name) for name in names] for prompt in prompts)
    return stream.getvalue()


@cache
def committed_prompts() -> tuple[Prompt, ...]:
    """Return the 500 of `prompts_1.csv`."""
    text = (resources.files("a2bench.generation") / "prompts_1.csv").read_text(encoding="utf-8")
    return tuple(Prompt(**row) for row in csv.DictReader(io.StringIO(text)))


def own_prompts(path: Path) -> tuple[Prompt, ...]:
    """Return the prompts of a text file, one a line; empty lines and `#` comments are left out.

    Raises:
        A2BenchError: no such file, none in it, too many, one too long or twice there.
    """
    if not path.is_file():
        raise A2BenchError(f"prompts={path}: no such file; expected a text with one prompt a line.")
    if path.stat().st_size > MOST_PROMPTS * MOST_CHARACTERS:
        raise A2BenchError(f"prompts={path}: {path.stat().st_size} bytes; not a list of prompts.")
    found: list[Prompt] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(read_utf8(path).split("\n"), start=1):
        text = " ".join(line.split())
        if not text or text.startswith("#"):
            continue
        if len(text) > MOST_CHARACTERS or not text.isprintable():
            raise A2BenchError(
                f"prompts={path}, line {number}: expected at most {MOST_CHARACTERS} printable "
                f"characters, came {len(text)}: {text[:60]!a}"
            )
        if text in seen:
            raise A2BenchError(f"prompts={path}, line {number}: the same as line {seen[text]}.")
        seen[text] = number
        found.append(Prompt(f"p{len(found) + 1:04d}", "", "", "", "", "", text))
    if not 1 <= len(found) <= MOST_PROMPTS:
        raise A2BenchError(f"prompts={path}: {len(found)} prompts, expected 1 to {MOST_PROMPTS}.")
    return tuple(found)


def sample_id(prompt: Prompt) -> str:
    """Return the id of the sample a prompt becomes: `p0001-mobile-phone`."""
    slug = re.sub(r"[^a-z0-9]+", "-", prompt.object.lower()).strip("-")
    return f"{prompt.id}-{slug}" if slug else prompt.id
