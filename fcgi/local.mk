# Files of fcgi/.
