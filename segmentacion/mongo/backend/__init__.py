"""django-mongodb-backend with what this product needs on top of it.

Three differences, each in `base.py` or `schema.py`: without MONGO_URI the embedded server is
started when the first connection is made; a collection may live in another database of the
same server (CREW_DB); and migrations accept collections and indexes that are already there,
because the databases of earlier programs are opened, not replaced. And its geography, which
nothing here uses, is not looked for (`geography.py`).
"""
