-- To find what is about to be sent to somebody who must not be paged any more.
CREATE INDEX ask_of_volunteer ON ask (volunteer_id) WHERE state IN ('open', 'accepted');
CREATE INDEX page_of_volunteer ON page (volunteer_id) WHERE state IN ('pending', 'sending');
