-- Statements about norms. A station counts when it is open and not suspended. Parameters are positional.

-- name: community_rooms
-- $1 code prefix. A twelve-digit code that does not end in 000 is a village's or community's.
SELECT count(DISTINCT area_code) FILTER (WHERE length(area_code) = 12 AND right(area_code, 3) <> '000') AS communities,
       count(*) AS rooms,
       count(*) FILTER (WHERE length(area_code) <> 12 OR right(area_code, 3) = '000') AS rooms_without_community
FROM stations
WHERE is_open AND NOT is_suspended AND starts_with(area_code, $1)
    AND (kind = 'social-work-centre' OR (kind = 'consultation-room' AND setting = 'community'));

-- name: institutions
-- Institutions with a clinic or room, each once with the numbers of its entry that was verified last. $1 code prefix,
-- $2 students per teacher
WITH one_each AS (
    SELECT DISTINCT ON (institution->>'ref') institution->>'kind' AS kind, institution->>'hospital_grade' AS grade,
           (institution->>'student_count')::bigint AS students,
           (institution->>'psychology_teacher_count')::bigint AS teachers
    FROM stations
    WHERE is_open AND NOT is_suspended AND starts_with(area_code, $1)
        AND kind IN ('hospital-clinic', 'university-room', 'school-room')
    ORDER BY institution->>'ref', verified_on DESC NULLS LAST, changed_at DESC, station_id
)
SELECT kind, grade, count(*) AS institutions, coalesce(sum(students), 0)::bigint AS students,
       coalesce(sum(teachers), 0)::bigint AS teachers,
       count(*) FILTER (WHERE teachers * $2::bigint >= students AND teachers > 0) AS as_asked
FROM one_each GROUP BY kind, grade;

-- name: hotline_centres
SELECT * FROM stations
WHERE kind = 'hotline-centre' AND is_open AND NOT is_suspended AND starts_with(area_code, $1);

-- name: known_areas
-- Areas brought into the register that hold on a day, by tier. $1 code prefix, $2 day
SELECT tier, count(*) AS n FROM areas
WHERE tier IN ('village', 'community', 'prefecture') AND starts_with(code, $1)
    AND (valid_from IS NULL OR valid_from <= $2) AND (valid_to IS NULL OR valid_to > $2)
GROUP BY tier;

-- name: add_totals!
-- $1 rows as JSON, $2 now, $3 account
INSERT INTO area_totals (area_code, what, count, as_of_on, source, recorded_at, recorded_by)
SELECT area_code, what, count, as_of_on, source, $2, $3
FROM jsonb_to_recordset($1::text::jsonb) AS r (area_code text, what text, count bigint, as_of_on date, source text);

-- name: totals
-- Of each whole the total of the latest day, and of that the one recorded last. $1 area
SELECT DISTINCT ON (what) what, count, as_of_on, source FROM area_totals
WHERE area_code = $1 ORDER BY what, as_of_on DESC, total_id DESC;
