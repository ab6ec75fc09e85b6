"""Documents that write themselves: their figures are taken once from the one query layer, kept beside the event, never changed afterwards."""
