"""The page where what is wrong in the past is put right."""
