"""All species by name."""

from a2bench.procedural import species_animals, species_creatures, species_objects
from a2bench.procedural.species import Species

SPECIES: dict[str, Species] = {
    species.name: species
    for species in (*species_animals.SPECIES, *species_creatures.SPECIES, *species_objects.SPECIES)
}
