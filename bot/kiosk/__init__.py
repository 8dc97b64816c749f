"""The touch-screen page: Starlette and uvicorn (extra `kiosk`) live in here alone.

visits   what each visitor's screen is about, and for how long
pages    what a screen shows, as HTML
guard    what is let in, and what every response carries
app      the routes
server   the process
"""
