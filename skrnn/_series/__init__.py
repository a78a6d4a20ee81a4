"""Long series: windows, their scaling, splits and forecasts."""
