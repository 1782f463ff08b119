"""What is asked of whoever sells a gateway (``duties.toml``), for the documents, the page and an installer's report.

``read_duties`` reads it; README.md here is made of it.
"""
