"""Temporary."""
from __future__ import annotations
import asyncio, random, time, cProfile, pstats, io
from datetime import UTC, datetime
from uuid import uuid4
from tests.integration.alerts.network import *
from tests.integration.alerts.steps import fenced
from schemas import codec
from schemas.envelope import Envelope
from schemas.topics import topic_of
from services.kit import db
from services.kit.clock import SystemClock
from services.kit.delivery import Delivery
from services.kit.memory import MemoryRecord
from services.kit.migrate import migrate
from services.kit.unit import Units
from services.kit.settings import KitSettings
from services.alerts.asking import Asking
from services.alerts.handlers import Handlers as AH
from services.geofencing.handlers import Handlers as GH
from services.geofencing.settings import GeofencingSettings
from services.alerts.settings import AlertsSettings
import pytest
pytestmark = pytest.mark.integration
seqs={}
def rec(ev,key,ex=False):
    t=topic_of(ev); s=seqs[t.name,key]=seqs.get((t.name,key),0)+1; now=datetime.now(UTC)
    e=codec.encode(Envelope(id=uuid4(),source="/t",key=str(key),time=now,recorded_at=now,sequence=s,correlation_id=uuid4(),causation_id=None,exercise=ex,jurisdiction=("510000",),traceparent=None,data=ev))
    return t.name,MemoryRecord(topic=e.topic,partition=0,offset=s,timestamp=0,key=e.key,value=e.value,headers=e.headers)

@pytest.mark.timeout(300)
async def test_profile(make_database):
    r=random.Random(1); stg=KitSettings()
    base=make_database("geofencing","alerts")
    for name,subs in (("geofencing",GH(GeofencingSettings().rules()).subscriptions()),("alerts",AH(Asking(AlertsSettings().rules())).subscriptions())):
        pool=await db.create_pool(base.dsn(name),name,stg)
        async with pool.acquire() as c: await migrate(c,name,__import__("pathlib").Path(f"services/{name}/sql/migrations"))
        D=Delivery(Units(name,pool,SystemClock()),subs)
        if name=="geofencing":
            stations=[station(r.uniform(98,122), r.uniform(23,42)) for _ in range(456)]
            for s in stations: await D.deliver(*(lambda a:(a[0],[a[1]]))(rec(s,s.station_id)))
            incs=[incident(need(Role.PFA_TRAINED,1),place=(r.uniform(100,118),r.uniform(25,40))) for _ in range(150)]
            recs=[rec(i,i.incident_id,True)[1] for i in incs]; topic="incident-events"
        else:
            vs=[volunteer(s,*r.sample(list(Role),2)) for s in stations for _ in range(5)]
            for i in range(0,len(vs),100): await D.deliver("volunteer-state",[rec(v,v.volunteer_id)[1] for v in vs[i:i+100]])
            await D.deliver("incident-events",[x for x in recs][:100]); await D.deliver("incident-events",recs[100:])
            recs=[rec(fenced(i,stations),i.incident_id,True)[1] for i in incs]; topic="zone-events"
        for x in recs[:20]: await D.deliver(topic,[x])
        t=time.perf_counter(); c=time.process_time()
        for x in recs[20:50]: await D.deliver(topic,[x])
        print(name,"single ms",(time.perf_counter()-t)/30*1e3,"cpu",(time.process_time()-c)/30*1e3)
        p=cProfile.Profile(); t=time.perf_counter(); c=time.process_time(); p.enable()
        await D.deliver(topic,recs[50:150]); p.disable()
        print(name,"batch ms",(time.perf_counter()-t)/100*1e3,"cpu",(time.process_time()-c)/100*1e3)
        o=io.StringIO(); pstats.Stats(p,stream=o).sort_stats("tottime").print_stats(28); print(o.getvalue())
        await pool.close()
