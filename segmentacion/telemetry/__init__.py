"""What is known of the request under way, what this process counted, and how logs are written.

Plain Python and PyMongo's listener: it reads no settings and opens no database. What is counted
here goes to MongoDB every few seconds (`segmentacion.mongo.tallies`).
"""
