print("not here")
