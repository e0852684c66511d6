-- Which servers and tools a conversation uses, as JSON; the defaults where nothing was ever chosen.
ALTER TABLE conversations ADD COLUMN tools TEXT;
