"""The page where a household says who may have what, and sees what left."""
