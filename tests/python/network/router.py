"""A zenoh router, for tests: a session in router mode. usage: router.py ENDPOINT"""
import json
import sys
import threading

import zenoh

config = zenoh.Config()
config.insert_json5("mode", '"router"')
config.insert_json5("listen/endpoints", json.dumps([sys.argv[1]]))
config.insert_json5("scouting/multicast/enabled", "false")
with zenoh.open(config):
    print("ready", flush=True)
    threading.Event().wait()
