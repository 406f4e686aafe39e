# Files of conf/.
