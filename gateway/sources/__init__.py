"""Where bytes come from: ``open_source`` makes a source of the configuration's text, ``line`` keeps it alive."""
