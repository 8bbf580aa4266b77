"""Is one model really better than another, where is it worse, and how sure can one be?"""
