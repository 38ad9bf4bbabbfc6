# Loaded by schemathesis, see fuzz.sh.
import os

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    network = os.urandom(4).hex()
    case.headers["X-Forwarded-For"] = f"2001:db8:{network[:4]}:{network[4:]}::1"
