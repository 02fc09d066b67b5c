"""`bench geofence`: the geofence engine beside PostGIS and other engines, on the same points, polygons and answers."""
