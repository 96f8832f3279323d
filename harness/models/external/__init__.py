"""Parts shared by the kinds of external models: ids, code, state dicts, arrays and answers."""
