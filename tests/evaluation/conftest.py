from hypothesis import settings

settings.register_profile("evaluation", deadline=None)  # a busy machine is not a fault
settings.load_profile("evaluation")
