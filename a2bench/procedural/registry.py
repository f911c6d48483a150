"""All species by name."""

from a2bench.procedural.species import Species
from a2bench.procedural.species_animals import SPECIES as ANIMALS
from a2bench.procedural.species_creatures import SPECIES as CREATURES
from a2bench.procedural.species_food_drink import SPECIES as FOOD_DRINK
from a2bench.procedural.species_fruit_vegetables import SPECIES as FRUIT_VEGETABLES
from a2bench.procedural.species_household_objects import SPECIES as HOUSEHOLD_OBJECTS
from a2bench.procedural.species_plants import SPECIES as PLANTS
from a2bench.procedural.species_tools_vehicles import SPECIES as TOOLS_VEHICLES
from a2bench.procedural.species_toys import SPECIES as TOYS

SPECIES: dict[str, Species] = {
    species.name: species
    for species in (
        *ANIMALS,
        *CREATURES,
        *FRUIT_VEGETABLES,
        *FOOD_DRINK,
        *HOUSEHOLD_OBJECTS,
        *PLANTS,
        *TOOLS_VEHICLES,
        *TOYS,
    )
}
