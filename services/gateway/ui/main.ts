/** The page begins. */
import { startApp } from './app.ts';

startApp();
