"""All species by name."""

from a2bench.procedural.species import Species
from a2bench.procedural.species_animals import SPECIES as ANIMALS
from a2bench.procedural.species_creatures import SPECIES as CREATURES
from a2bench.procedural.species_objects import SPECIES as OBJECTS

SPECIES: dict[str, Species] = {
    species.name: species for species in (*ANIMALS, *CREATURES, *OBJECTS)
}
