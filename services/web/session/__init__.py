"""Who is signed in at the console: the refresh token in a cookie that no script reads, the access token in the page."""
