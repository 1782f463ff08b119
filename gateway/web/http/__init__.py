"""HTTP: sockets, who may connect and what a request looks like, the forms of an answer."""
