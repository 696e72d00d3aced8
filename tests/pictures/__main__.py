"""The pictures of README and docs, from running programs: `make pictures`."""

from tests.pictures import page

for subject in (page,):
    print(subject.make())
