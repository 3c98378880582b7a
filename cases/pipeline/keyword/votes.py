# Which word was said, from what a classifier says of windows that overlap. Runs on MicroPython and on CPython
# alike.


class Votes:
    # A word is told when two of the last three windows are for it, and once: not again before there was a
    # majority for something else.
    def __init__(self):
        self.last = 0
        self.before = 0
        self.told = 0

    def add(self, number):
        # Returns the number of a word that is told now, or 0.
        last = self.last
        before = self.before
        self.before = last
        self.last = number
        word = number if number in (last, before) else last if last == before else -1
        if word < 0 or word == self.told:
            return 0
        self.told = word
        return word
