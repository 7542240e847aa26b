"""Programs that keep modules which a generator made for other endpoints of the service.

Those modules are in `modules`, written in the manner of both generations of generators.
"""
