# Files of sql/.
