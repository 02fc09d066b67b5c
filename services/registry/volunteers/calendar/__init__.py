"""When a volunteer can be asked: duties that recur, exceptions, and calendars that come and go as iCalendar."""
